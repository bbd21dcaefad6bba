"""schemathesis asks all that the API's description allows, and much that it does not."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

schema = schemathesis.pytest.from_fixture("described")


@pytest.fixture(scope="session")
def described(address: str):
    return schemathesis.openapi.from_url(f"{address}/openapi.json")


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_its_description(case, address: str) -> None:
    case.call_and_validate(base_url=address)
