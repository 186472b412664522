"""Any resource of any type comes back from XML as it went in."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.fhir.definitions import resource_types
from gateway.fhir.wire import Digits, dumps
from gateway.fhir.xml import read_xml, write_xml
from gateway.fhir.xml.layout import Element, Kind, layout

DEPTH = 4
_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from('\t\n\r<>&"'),
    min_size=1,
    max_size=12,
)
_DECIMALS = st.from_regex(
    r"\A-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?\Z"
).filter(lambda text: any(sign in text for sign in ".eE"))
_SIBLING: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"id": st.from_regex(r"\A[a-z0-9]{1,8}\Z")}
)
_NO_SIBLING: st.SearchStrategy[Any] = st.none() | _SIBLING
_VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: _TEXT,
    Kind.BOOLEAN: st.booleans(),
    Kind.INTEGER: st.integers(-(2**31), 2**31 - 1),
    Kind.DECIMAL: _DECIMALS.map(Digits) | st.integers(-(10**9), 10**9),
    Kind.XHTML: st.sampled_from(
        ['<div xmlns="http://www.w3.org/1999/xhtml"><p a="&gt;">é<br/> </p></div>']
    ),
}


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(one) for one in value] if isinstance(value, list) else value


@st.composite
def resources(draw: st.DrawFn, depth: int = DEPTH) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(resource_types())))
    return {"resourceType": name, **draw(objects(name, depth))}


@st.composite
def objects(draw: st.DrawFn, path: str, depth: int) -> dict[str, Any]:
    listed = list(layout(path).elements.values())
    if depth <= 0:
        listed = [one for one in listed if one.kind not in (Kind.COMPLEX, Kind.RESOURCE)]
    chosen = draw(st.lists(st.sampled_from(listed), max_size=4, unique=True)) if listed else []
    made: dict[str, Any] = {}
    for one in chosen:
        made |= draw(members(one, depth - 1))
    return made


@st.composite
def members(draw: st.DrawFn, one: Element, depth: int) -> dict[str, Any]:
    count = draw(st.integers(1, 3)) if one.many else 1
    if one.kind in (Kind.COMPLEX, Kind.RESOURCE):
        make = resources(depth) if one.kind is Kind.RESOURCE else objects(one.type, depth)
        held = [draw(make) for _ in range(count)]
        return {one.name: held if one.many else held[0]}
    if one.kind in (Kind.ATTRIBUTE, Kind.XHTML):
        return {one.name: draw(_VALUES.get(one.kind, _TEXT))}
    values: list[Any] = [draw(st.none() | _VALUES[one.kind]) for _ in range(count)]
    beside: list[Any] = [draw(_SIBLING if value is None else _NO_SIBLING) for value in values]
    return _members(one, values, beside)


def _members(one: Element, values: list[Any], beside: list[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if any(value is not None for value in values):
        made[one.name] = values if one.many else values[0]
    if any(beside):
        made[f"_{one.name}"] = beside if one.many else beside[0]
    return made


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources(), st.booleans())
def test_a_resource_comes_back_from_xml_digit_for_digit(
    resource: dict[str, Any],
    pretty: bool,  # noqa: FBT001 - drawn
) -> None:
    assert dumps(_ordered(read_xml(write_xml(resource, pretty=pretty)))) == dumps(
        _ordered(resource)
    )
