"""What people read in Chinese has Chinese commas and colons, but for the sync words, which are fixed as they are; and
one word for one thing."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.codes import CODES
from tests.support.markdown import ROOT

FOLDERS = ("server", "sync", "schemas", "client_sdk", "cli", "demo")
SYNC_WORDS = "无网络,已存本机"
HALF_WIDTH = re.compile("(?<=[一-鿿）”])[,:]|[,:](?=[一-鿿（“])")

HELD, OTHER_WORDS_FOR_HELD = "待中心处理", re.compile("待处理|待核(?!对)")


def texts(path: Path) -> Iterator[str]:
    """The texts of a file, without its docstrings and comments."""
    written = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        yield from re.findall('"[^"]*"', json.dumps(json.loads(written), ensure_ascii=False).replace('\\"', ""))
        return
    tree = ast.parse(written)
    statements = {each.value for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each not in statements:
            yield each.value


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_chinese_sentence_has_chinese_commas_and_colons(folder: str) -> None:
    files = [each for each in (ROOT / folder).rglob("*") if each.suffix in {".py", ".json"}]
    found = [(path.name, text) for path in files for text in texts(path)]
    assert found
    assert not [each for each in found if HALF_WIDTH.search(each[1].replace(SYNC_WORDS, ""))]


def test_held_has_one_word() -> None:
    assert CODES["edit_result"]["held"].zh == CODES["record_type"]["held"].zh == HELD
    files = [each for folder in FOLDERS for each in (ROOT / folder).rglob("*") if each.suffix in {".py", ".json"}]
    files += [each for each in (ROOT / "docs").rglob("*") if each.suffix in {".md", ".svg"}]
    assert not [each.name for each in files if OTHER_WORDS_FOR_HELD.search(each.read_text(encoding="utf-8"))]
