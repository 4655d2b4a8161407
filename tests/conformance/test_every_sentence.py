"""Every sentence of docs/protocol.md that states something is held true by a test, or named with why: unjudged.toml."""

import ast
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance.sentences import sentences

HERE = Path(__file__).parent
OURS = {"schemas", "sync", "server", "client_sdk", "cli", "demo", "wsgi"}
SENTENCES = sentences()


def claims() -> Iterator[tuple[str, str]]:
    """The fragments that tests claim, with where: read from the source, so that one file alone may be run."""
    for path in sorted(HERE.glob("test_*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for decorator in getattr(function, "decorator_list", []):
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("states"):
                    yield from ((str(ast.literal_eval(each)), path.name) for each in decorator.args)


def unjudged() -> Iterator[tuple[str, str]]:
    for reason, fragments in tomllib.loads((HERE / "unjudged.toml").read_text(encoding="utf-8")).items():
        yield from ((fragment, reason) for fragment in fragments["sentences"])


def matches(fragment: str) -> list[str]:
    return [each for section in SENTENCES.values() for each in section if fragment in each]


@pytest.mark.parametrize("fragments", [claims, unjudged], ids=["tested", "unjudged"])
def test_each_fragment_stands_in_one_sentence(fragments: Callable[[], Iterator[tuple[str, str]]]) -> None:
    wrong = {fragment: where for fragment, where in fragments() if len(matches(fragment)) != 1}
    assert not wrong, "these are quoted from no sentence, or from several"


@pytest.mark.parametrize("section", SENTENCES)
def test_each_sentence_is_tested_or_named_with_why(section: str) -> None:
    known = [fragment for fragment, _ in (*claims(), *unjudged())]
    left = [each for each in SENTENCES[section] if not any(fragment in each for fragment in known)]
    assert not left


def test_no_sentence_is_both() -> None:
    judged = {matches(fragment)[0] for fragment, _ in claims()}
    assert not [fragment for fragment, _ in unjudged() if matches(fragment)[0] in judged]


def test_most_sections_are_tested() -> None:
    """None of them is put aside as a whole."""
    judged = {matches(fragment)[0] for fragment, _ in claims()}
    assert [section for section, stated in SENTENCES.items() if stated and not judged & set(stated)] == []


def test_the_suite_imports_nothing_of_ours() -> None:
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.partition(".")[0] not in OURS, f"{path.name} imports {name}"
                assert not name.startswith("tests.") or name.startswith("tests.conformance"), f"{path.name}: {name}"
