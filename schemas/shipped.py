"""The data files that are shipped with the schemas."""

import json
from importlib.resources import files
from typing import Any


def shipped(name: str) -> Any:
    """The parsed JSON of `schemas/data/{name}`."""
    return json.loads(files("schemas").joinpath("data", name).read_text(encoding="utf-8"))
