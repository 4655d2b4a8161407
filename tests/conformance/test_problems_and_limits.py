"""docs/protocol.md, "Problems" and "Limits"."""

import gzip
import http.client
import random
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conformance.answer import Answer, problem
from tests.conformance.site import Site
from tests.conformance.tablet import Tablet, line

states = pytest.mark.states
KIB, MIB = 1024, 1024 * 1024


@states("A request refused as a whole is answered by `application/problem+json`", "| `malformed` | 400 |")
def test_a_problem_has_the_standard_members_and_four_more(wang: Tablet) -> None:
    document = problem(wang.post(wang.body(now="x")), 400, "malformed", "now")
    assert document.keys() == {"type", "title", "status", "detail", "instance", "code", "zh", "en", "field"}
    assert document["type"] == "about:blank"
    assert document["instance"] == "/api/v1/sync"
    assert (document["zh"], document["en"]) == ("请求无法读取", "The request could not be read")


@states("The words are those below; for `invalid` they say what is wrong with the field, or what it may be")
def test_the_words_of_what_is_invalid_name_the_field(api: httpx.Client) -> None:
    asked = {"code": "7K4P-QM2X", "nonce": "n" * 2_000, "tablet": {"name": "t"}}
    document = problem(api.post("/api/v1/enroll", json=asked), 422, "invalid", "nonce")
    assert document["zh"] == "“随机数”最多 500 个字"
    assert document["en"] == document["detail"] == '"Nonce" may have at most 500 characters'


@states("| `not-found` | 404 |")
@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/api/v1/x", "/api/v2/sync", "/api/v1/sync/"])
def test_nothing_at_this_address(api: httpx.Client, path: str) -> None:
    problem(api.get(path), 404, "not-found")


@states("| `method-unknown` | 405 |")
def test_another_method(api: httpx.Client) -> None:
    problem(api.get("/api/v1/sync"), 405, "method-unknown")
    problem(api.delete("/api/v1/me"), 405, "method-unknown")


@states("| one line | 64 KiB |", "One line alone always fits, or is refused as a line", "| `line-too-long` | refused |")
@pytest.mark.parametrize("more", [0, 1])
def test_one_line_has_64_kib(wang: Tablet, more: int) -> None:
    edit = wang.creation("household")
    outcomes = wang.sync(line(edit).ljust(64 * KIB + more)).outcomes
    assert [(each["line"], each["result"], each["code"]) for each in outcomes] == (
        [(1, "refused", "line-too-long")] if more else []
    )
    assert wang.sees(edit["edit"]) is not bool(more)


@states("One line alone always fits, or is refused as a line")
def test_one_line_that_is_very_long_is_refused_as_a_line(wang: Tablet) -> None:
    (outcome,) = wang.sync(b"x" * (4 * MIB - KIB)).outcomes
    assert outcome["code"] == "line-too-long"


@states("| a request's body as it travels | 4 MiB |", "| `too-large` | 413 |")
def test_a_body_has_4_mib_as_it_travels(wang: Tablet) -> None:
    head = wang.body()
    room = 4 * MIB - len(head) - 1
    assert len(Answer.read(wang.post(head + b"x" * room + b"\n")).outcomes) == 1
    problem(wang.post(head + b"x" * (room + 1) + b"\n"), 413, "too-large")


@states("On 413 or a time-out halve the batch")
def test_a_refused_request_is_answered_and_not_cut_off(wang: Tablet, site: Site) -> None:
    """A tablet that sends too much must see the 413, and not a broken connection."""
    address = urlsplit(site.url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    with closing(kind(address.netloc, timeout=60)) as connection:
        for token in (wang.token, "nobody's"):
            connection.request("POST", "/api/v1/sync", b"x" * (6 * MIB), {"Authorization": f"Bearer {token}"})
            with connection.getresponse() as answer:
                assert answer.status == 413
                assert b"too-large" in answer.read()


@states("| a request's body unpacked | 16 MiB |")
def test_a_body_has_16_mib_unpacked(wang: Tablet) -> None:
    head = wang.body()
    room = 16 * MIB - len(head) - 1
    packed = gzip.compress(head + b"x" * room + b"\n")
    assert len(Answer.read(wang.post(packed, **{"Content-Encoding": "gzip"})).outcomes) == 1
    packed = gzip.compress(head + b"x" * (room + 1) + b"\n")
    problem(wang.post(packed, **{"Content-Encoding": "gzip"}), 413, "too-large")


@states("| a request's first line | 512 KiB |")
def test_a_first_line_has_512_kib(wang: Tablet) -> None:
    head = wang.body().rstrip(b"\n")
    room = 512 * KIB - len(head)
    assert Answer.read(wang.post(head[:-1] + b" " * room + b"}\n")).outcomes == []
    problem(wang.post(head[:-1] + b" " * (room + 1) + b"}\n"), 413, "too-large")


@states("| the body of an enrolment | 64 KiB |")
def test_an_enrolment_has_64_kib(api: httpx.Client) -> None:
    assert api.post("/api/v1/enroll", content=b"{" + b" " * (64 * KIB - 2) + b"}").status_code == 422
    problem(api.post("/api/v1/enroll", content=b"{" + b" " * (64 * KIB - 1) + b"}"), 413, "too-large")


@states("| rows of a page | 1,000 |", "| bytes of a page's rows | 4 MiB, or one row |")
def test_a_page_has_1000_rows_and_4_mib(wang: Tablet) -> None:
    """A thousand small records and some four hundred long ones."""
    for _ in range(2):
        assert wang.sync(*[wang.creation("household") for _ in range(500)]).outcomes == []
    texts = [random.choice("东南西北") * 3_000 for _ in range(60)]
    for start in range(0, 480, 60):
        edits = [wang.creation("household", {"notes": text}) for text in texts]
        body = gzip.compress(wang.body(*edits))
        assert Answer.read(wang.post(body, **{"Content-Encoding": "gzip"})).outcomes == [], start
    wang.cursor, wang.rows = None, {}
    pages = wang.catch_up()
    sizes = [sum(len(each) + 1 for each in page.body.splitlines()[1:-1]) for page in pages]
    # A row under two of the caller's keys is one row, read for both.
    assert 900 < max(len(page.rows) for page in pages) <= 1000
    assert max(sizes) <= 4 * MIB + KIB
    assert max(sizes) > 4 * MIB - 64 * KIB
    assert all(page.last["more"] for page in pages[:-1])


@states("Named once in `sync/limits.py` and published as `x-limits` in the API description")
def test_limits_are_published(api: httpx.Client) -> None:
    limits = api.get("/api/v1/openapi.json").json()["x-limits"]
    stated = {500, 4 * MIB, 16 * MIB, 64 * KIB, 32, 2**53 - 1, 1000, 64, 5 * 60 * 1000, 35}
    assert stated <= set(limits.values())
