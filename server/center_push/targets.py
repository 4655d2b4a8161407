"""The centers that a county pushes its status to: added, shown, tried, removed."""

import httpx

from server.administration import NotPossibleError
from server.center import Center
from server.center_push import signing, snapshot
from server.center_push.posting import Client, Fate
from server.store import center_outbox, dialect
from server.store.center_outbox import Secret
from sync.lines import Values
from sync.stamps import instant

PATH = "/api/v1/center/status"
"""Where a Doorstep server takes a push: meant by an address that names a server alone."""
URL_CHARS_MAX = 500
PORT_MAX = 65_535

_MOMENTS = {"last_delivered_ms": "last_delivered", "last_error_ms": "last_error_at", "next_try_ms": "next_try"}


def address(text: str) -> str:
    """The address that a push goes to. Raises NotPossibleError."""
    wrong = NotPossibleError(
        f"不是可用的地址：{text}", f"Not an address to push to (https://…, with no name or password in it): {text}"
    )
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        raise wrong from None
    if url.port is not None and not 0 < url.port <= PORT_MAX:
        raise NotPossibleError(f"端口应在 1 到 {PORT_MAX} 之间：{text}", f"A port is from 1 to {PORT_MAX}: {text}")
    is_named = url.scheme in ("https", "http") and _is_host(url)
    if not is_named or url.userinfo or url.fragment or len(text) > URL_CHARS_MAX:
        raise wrong
    return str(url.copy_with(path=PATH) if url.path == "/" else url)


def _is_host(url: httpx.URL) -> bool:
    """Whether a host can be looked up: labels of 1 to 63 characters, those in other scripts than ours well coded."""
    try:
        return bool(url.host) and b"%" not in url.raw_host and bool(url.raw_host.decode("ascii").encode("idna"))
    except UnicodeError:
        return False


def _as_kept(text: str) -> str:
    """The address of a center that was added, maybe when we took what we take no more."""
    try:
        return address(text)
    except NotPossibleError:
        return text.strip()


def add(center: Center, url: str, secret: Secret) -> Values:
    """Pushes to a center from now on; every day that was counted goes there first. One that is there already gets a new
    secret, and is started again. Raises NotPossibleError."""
    known = address(url)
    with dialect.writing(center.engine) as connection:
        county = center.county(connection).code
        is_new = center_outbox.save(connection, county, known, secret, center.clock())
    return {"url": known, "added": is_new}


def shown(center: Center) -> list[Values]:
    """Each center with what waits for it, what was set aside, and how it went last."""
    with dialect.reading(center.engine) as connection:
        rows = center_outbox.shown(connection, center.county(connection).code)
    return [
        {_MOMENTS.get(name, name): _instant(value) if name in _MOMENTS else value for name, value in row.items()}
        for row in rows
    ]


def _instant(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else instant(moment_ms)


def remove(center: Center, url: str) -> Values:
    """Pushes to a center no more, and drops what waits for it. Raises NotPossibleError."""
    known = _as_kept(url)
    with dialect.writing(center.engine) as connection:
        if not center_outbox.drop(connection, center.county(connection).code, known):
            raise _unknown(known)
    return {"url": known, "removed": True}


def retry(center: Center, url: str) -> Values:
    """What was stopped, set aside or put off for a center is tried at the next pass. Raises NotPossibleError."""
    known = _as_kept(url)
    with dialect.writing(center.engine) as connection:
        county = center.county(connection).code
        if not any(each.url == known for each in center_outbox.targets(connection, county)):
            raise _unknown(known)
        center_outbox.start_again(connection, county, known, center.clock())
    return {"url": known, "retried": True}


def test(center: Center, url: str | None, client: Client) -> list[Values]:
    """Sends a message that says nothing to one center or to all, and gives what came back of each. The outbox is not
    touched. Raises NotPossibleError."""
    wanted = None if url is None else _as_kept(url)
    with dialect.reading(center.engine) as connection:
        county = center.county(connection).code
        found = [each for each in center_outbox.targets(connection, county) if wanted in (None, each.url)]
    if wanted is not None and not found:
        raise _unknown(wanted)
    told: list[Values] = []
    for target in found:
        body, now_ms = snapshot.composed_test(county), center.clock()
        headers = signing.headers(target.secret, county, signing.message_id(now_ms), now_ms, body)
        reply = client.post(target.url, headers, body, now_ms)
        told.append({"url": target.url, "good": reply.fate is Fate.DELIVERED, "said": reply.word})
    return told


def _unknown(url: str) -> NotPossibleError:
    return NotPossibleError(f"没有这个中心：{url}", f"There is no such center: {url}")
