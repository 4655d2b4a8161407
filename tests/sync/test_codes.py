"""Codes: each has its words in both languages."""

from sync.codes import DETAILS, PROBLEMS, Code


def test_every_code_and_problem_says_something_in_both_languages() -> None:
    assert set(DETAILS) == set(Code)
    for detail in (*DETAILS.values(), *(problem.detail for problem in PROBLEMS.values())):
        assert detail.zh
        assert detail.en


def test_every_problem_has_the_status_of_an_error() -> None:
    assert all(400 <= problem.status < 600 for problem in PROBLEMS.values())
    assert all(problem.code == code for code, problem in PROBLEMS.items())
