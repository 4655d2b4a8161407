"""How many histories a law is tried on."""

from hypothesis import settings

thorough = settings(max_examples=max(200, settings.default.max_examples if settings.default else 0))
"""For the laws that everything rests on."""
