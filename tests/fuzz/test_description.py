"""Requests made up from the API's description: no failure, and no answer but those described.

schemathesis cannot judge lines of NDJSON: the other files here do, and tests/conformance.
"""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.effort import tries
from tests.fuzz.ground import NDJSON, Ground

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ADDRESSES = {
    "/api/v1/sync": ["post"], "/api/v1/enroll": ["post"], "/api/v1/me": ["get"], "/healthz": ["get"],
    "/readyz": ["get"], "/metrics": ["get"], "/api/v1/openapi.json": ["get"], "/api/v1/docs": ["get"],
    "/api/v1/center/status": ["get", "post"],
    "/api/v1/status": ["get"], "/api/v1/records/{kind}": ["get"], "/api/v1/records/{kind}/{record}": ["get"],
    "/api/v1/records/{kind}/{record}/history": ["get"], "/api/v1/held": ["get"], "/api/v1/held/{edit}": ["post"],
    "/api/v1/export/{kind}.{form}": ["get"], "/api/v1/feed": ["get"],
}  # fmt: skip


@schemathesis.serializer(NDJSON)
def _line(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass") + b"\n"


@pytest.fixture(scope="session")
def description(ground: Ground) -> Any:
    found = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", ground.county.app)
    assert {path: sorted(operations) for path, operations in found.raw_schema["paths"].items()} == ADDRESSES
    return found


@pytest.mark.parametrize(("path", "method"), [(path, each) for path, methods in ADDRESSES.items() for each in methods])
@given(data=st.data(), mode=st.sampled_from(list(GenerationMode)))
@settings(tries(15), suppress_health_check=list(HealthCheck))
def test_every_address_answers_as_described(
    description: Any, ground: Ground, path: str, method: str, data: st.DataObject, mode: GenerationMode
) -> None:
    operation = description[path][method]
    takes_more = bool(operation.body)
    case = data.draw(operation.as_strategy(generation_mode=mode if takes_more else GenerationMode.POSITIVE))
    response = case.call(headers={"Authorization": f"Bearer {ground.wang.token}"})
    case.validate_response(response, checks=CHECKS)
    ground.has_not_failed()
