"""Whatever stands behind the question mark: a Bundle or an OperationOutcome, never a 5xx."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.fhir.search.parameters import parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.process import GatewayProcess

TYPES: Final = ("Patient", "Observation", "DiagnosticReport", "Location", "Task", "ValueSet", "")
CODES: Final = sorted({one.code for kind in TYPES if kind for one in parameters(kind)})
CONTROLS: Final = [
    "_sort",
    "_count",
    "_include",
    "_revinclude",
    "_include:iterate",
    "_summary",
    "_elements",
    "_total",
    "_filter",
    "_text",
    "_content",
    "_list",
    "_type",
    "_has",
    "_id",
    "_lastUpdated",
    "_tag",
    "_profile",
    "_format",
    "_pretty",
    "_contained",
    "_cursor",
]
MODIFIERS: Final = [
    "exact",
    "contains",
    "missing",
    "not",
    "text",
    "in",
    "not-in",
    "above",
    "below",
    "of-type",
    "identifier",
    "iterate",
    "Patient",
]
PREFIXES: Final = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
SHAPES: Final = (
    "2026",
    "2026-02-30",
    "2026-03-29T02:30",
    "1e400",
    "-1",
    "0",
    "NaN",
    "1|2|3",
    "|",
    "a|",
    "Patient/1",
    "http://x/Patient/1",
    "urn:uuid:0",
    "%",
    "_",
    "\\",
    "'",
    '"',
    "';--",
    "(",
    "[",
    ".*",
    "(a+)+$",
    "\x00",
    "é",
    "\U0001d4b3",
    "$",
    ",",
    "\\,",
    'name eq "x" and',
    "not (",
    "Patient:name",
    "Observation:patient:code",
    "-date,name",
    "true",
    "48.8|2.3|10|km",
    "code$value",
    "*",
)  # fmt: skip - a list, not a column

names = st.one_of(
    st.sampled_from(CODES),
    st.sampled_from(CONTROLS),
    st.builds("{}:{}".format, st.sampled_from(CODES), st.sampled_from(MODIFIERS)),
    st.builds("{}.{}".format, st.sampled_from(CODES), st.sampled_from(CODES)),
    st.builds("_has:{}:{}:{}".format, *[st.sampled_from(("Observation", "subject", "code"))] * 3),
    st.text(max_size=12),
)
values = st.one_of(
    st.sampled_from(SHAPES),
    st.builds("{}{}".format, st.sampled_from(PREFIXES), st.sampled_from(SHAPES)),
    st.lists(st.sampled_from(SHAPES), max_size=4).map(",".join),
    st.text(max_size=40),
    st.text(alphabet="()[]{}.*+?|\\^$'\";-%_ ", max_size=30),
    st.integers(0, 3000).map(lambda length: "x" * length),
)
# Written as a client would, or straight onto the line where it may stand there.
pairs = st.tuples(names, values, st.sampled_from((quote, quote_plus)))


@pytest.fixture(scope="module")
def filled(gateway: GatewayProcess) -> GatewayProcess:
    """The gateway, with something to find."""
    patient = {"resourceType": "Patient", "id": "found", "name": [{"family": "NOËL"}]}
    assert gateway.send("PUT", "/fhir/Patient/found", patient)[0] in {200, 201}
    return gateway


@pytest.fixture(scope="module")
def line(filled: GatewayProcess) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", filled.http, timeout=30)
    yield connection
    connection.close()


def ask(
    line: http.client.HTTPConnection, method: str, path: str, form: str = ""
) -> tuple[int, dict[str, Any]]:
    head = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    line.request(method, path, form.encode() or None, head)
    answer = line.getresponse()
    return answer.status, json.loads(answer.read())


def assert_answered(status: int, told: dict[str, Any]) -> None:
    kind = told["resourceType"]
    assert (kind == "Bundle") if status == 200 else (kind == "OperationOutcome"), (status, told)
    assert status < 500, told
    if kind == "OperationOutcome":
        assert all(issue["diagnostics"] for issue in told["issue"])


@settings(
    max_examples=2500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kind=st.sampled_from(TYPES), asked=st.lists(pairs, max_size=4), posted=st.booleans())
def test_any_search_is_answered_or_refused_in_words(
    kind: str,
    asked: list[tuple[str, str, Any]],
    posted: bool,  # noqa: FBT001 - Hypothesis passes it by name
    line: http.client.HTTPConnection,
) -> None:
    text = "&".join(f"{write(name)}={write(value)}" for name, value, write in asked)
    # The format of the answer is not the matter here.
    text = text.replace("_format", "_count")
    path = f"/fhir/{kind}".rstrip("/")
    if posted:
        assert_answered(*ask(line, "POST", f"{path}/_search", text or "_count=1"))
    else:
        assert_answered(*ask(line, "GET", f"{path}?{text}"))


@settings(
    max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    raw=st.text(
        alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"),
        max_size=60,
    )
)
def test_any_line_behind_the_question_mark_is_answered_or_refused_in_words(
    raw: str, line: http.client.HTTPConnection
) -> None:
    text = raw.replace("_format", "_count")
    assert_answered(*ask(line, "GET", f"/fhir/Patient?{text}"))


@pytest.mark.parametrize("size", [1000, 100_000])
@pytest.mark.parametrize("value", ["x", ",", "$", "|", "\\", "(", "%00", "a:b."])
def test_a_long_search_string_is_answered_or_refused_in_words(
    size: int, value: str, filled: GatewayProcess
) -> None:
    line = http.client.HTTPConnection("127.0.0.1", filled.http, timeout=60)
    text = f"name={value * (size // len(value))}"

    assert_answered(*ask(line, "POST", "/fhir/Patient/_search", text))
    line.close()
