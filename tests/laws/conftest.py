"""`HYPOTHESIS_PROFILE=long make test TESTS=tests/laws` tries 20,000 histories of each law."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "long",
    settings.get_profile("doorstep"),
    max_examples=20_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
if os.environ.get("HYPOTHESIS_PROFILE"):
    settings.load_profile(os.environ["HYPOTHESIS_PROFILE"])
