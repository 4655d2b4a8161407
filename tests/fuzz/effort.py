"""How much is tried: some seconds by default, minutes with HYPOTHESIS_PROFILE=long."""

import os

from hypothesis import HealthCheck, settings

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def tries(few: int) -> settings:
    """Settings for a property of which `few` examples are tried by default, and a hundred times as many at length."""
    return settings(
        max_examples=few * 100 if IS_LONG else few,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
