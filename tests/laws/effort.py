"""How many histories a law is tried on: as many as the profile says, and in a usual run by what the law costs."""

import os

from hypothesis import settings

_default = settings.default
_is_usual = not os.environ.get("HYPOTHESIS_PROFILE") or _default is None

thorough = settings(_default, max_examples=150) if _is_usual else settings(_default)
"""For the laws that everything rests on."""
brief = settings(_default, max_examples=40) if _is_usual else settings(_default)
"""For laws that fail soon where they fail at all."""
