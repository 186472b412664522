"""Schemathesis (PyPI) sends the running gateway what its OpenAPI allows, and what it does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from tests.interop.clients.environment import program, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interop.conftest import Start

SECONDS: Final = 40
# The system level, and types that stand for what is special: 120 of the 3 500 operations.
TYPES: Final = "Patient|DiagnosticReport|ValueSet|Binary"
PATHS: Final = rf"^/fhir(/({TYPES}|_history|_search|metadata|\$[a-z-]+)(/.*)?)?$"
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
)


def test_no_request_that_the_openapi_tells_of_is_answered_otherwise(
    start: Start, tmp_path: Path
) -> None:
    with start() as gateway:
        done = run(
            program("schemathesis"),
            *("run", f"http://127.0.0.1:{gateway.http}/openapi.json"),
            *("--include-path-regex", PATHS, "--checks", ",".join(CHECKS)),
            *("--phases", "coverage,fuzzing,stateful", "--max-time", str(SECONDS)),
            # The same requests in each run, and those that fail are told as they are.
            *("--seed", "7", "--max-examples", "20", "--continue-on-failure", "--no-shrink"),
            *("--warnings", "off", "--report", "json", "--report-json-path", "report.json"),
            place=tmp_path,
        )

    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{json.dumps(report)[:1000]}"
