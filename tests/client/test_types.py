"""Types: an app that is built on the SDK is checked against them."""

from importlib.resources import files

import pytest


@pytest.mark.parametrize("package", ["client_sdk", "sync", "schemas"])
def test_type_checkers_of_apps_read_the_types(package: str) -> None:
    """PEP 561: of an installed package without this file they take every name for Any, or refuse it."""
    assert (files(package) / "py.typed").is_file()
