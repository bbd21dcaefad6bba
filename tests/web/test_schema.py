"""schemathesis asks all that the API's description allows, and much that it does not."""

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance


def test_the_api_keeps_its_description(address: str) -> None:
    described = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 10
    for operation in operations:

        @settings(
            max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy())
        def ask(case: Case) -> None:
            # That exactly one of three parameters is wanted cannot be said in OpenAPI.
            case.call_and_validate(base_url=address, excluded_checks=[positive_data_acceptance])

        ask()
