"""A suggested merge holds what both wrote, and does not depend on who is asked first."""

from hypothesis import given
from hypothesis import strategies as st

from sync.suggestion import SENTENCE, suggested

sentences = st.text("ab。！；\n.", max_size=6) | st.sampled_from(("狗叫。", "门坏了。", "已修。"))
texts = st.lists(st.sampled_from(("狗叫。", "门坏了。", "已修！", "渠堵了；", "Loud\n", "no mark")), max_size=8).map(
    "".join
)


@given(texts, texts, texts)
def test_a_suggestion_is_the_same_from_both_sides(base: str, one: str, other: str) -> None:
    assert suggested(base, one, other) == suggested(base, other, one)


@given(texts, texts, texts)
def test_a_suggestion_holds_what_both_added_and_nothing_that_nobody_wrote(base: str, one: str, other: str) -> None:
    merged = suggested(base, one, other)
    if merged is not None:
        ours, theirs, begun, found = (set(SENTENCE.findall(text)) for text in (one, other, base, merged))
        assert (ours | theirs) - begun <= found
        assert found <= ours | theirs
        assert not (begun - ours) & (begun - theirs) & found


@given(texts, texts)
def test_where_one_changed_nothing_the_others_text_is_the_suggestion(base: str, other: str) -> None:
    assert suggested(base, base, other) == other
    assert suggested(base, other, other) == other


@given(st.lists(sentences).map("".join))
def test_sentences_are_the_whole_text(text: str) -> None:
    assert "".join(SENTENCE.findall(text)) == text
