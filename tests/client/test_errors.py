"""Errors: they come whole through a queue between processes."""

import copy
import pickle

import pytest

from client_sdk import CenterError, InvalidError, OfflineError, RevokedError, StoreError, TabletError
from schemas.problems import INVALID, Problem


@pytest.mark.parametrize(
    "error",
    [
        OfflineError(),
        StoreError(en="The disk is full"),
        RevokedError(wiped=True),
        CenterError("slow-down", zh="请稍后", en="Later", retry_after_s=7),
        InvalidError([Problem(INVALID, "title", "标题不对", "Title is wrong")]),
    ],
)
def test_an_error_is_the_same_after_its_journey(error: TabletError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(other), vars(other), str(other)) == (type(error), vars(error), str(error))
