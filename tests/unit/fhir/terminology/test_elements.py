"""Resources that nobody has validated: what is not as it should be never is a fault."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.fhir.terminology.expansion import Expanding, expand
from gateway.fhir.terminology.lookup import lookup
from gateway.fhir.terminology.terminology import Terminology
from gateway.fhir.terminology.translation import Translating, translate
from gateway.fhir.terminology.validation import Checking, Coded, in_code_system, in_value_set
from tests.unit.fhir.terminology.conftest import SYSTEM, Held, value_set

JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "a", SYSTEM])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["code", "valueCode", "system", "concept"]), inner),
    ),
    max_leaves=5,
)
CODE_SYSTEM: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": SYSTEM,
    "content": "complete",
    "property": [{"code": "p"}],
    "concept": [
        {
            "code": "a",
            "display": "A",
            "designation": [{"language": "fr", "value": "x"}],
            "property": [{"code": "p", "valueString": "x"}, {"code": "parent", "valueCode": "b"}],
            "concept": [{"code": "b"}],
        }
    ],
}
VALUE_SET = value_set(
    "x",
    {
        "system": SYSTEM,
        "version": "1",
        "filter": [{"property": "p", "op": "=", "value": "x"}],
        "valueSet": ["urn:x"],
    },
    {"system": SYSTEM, "concept": [{"code": "a", "designation": [{"value": "x"}]}]},
    exclude=[{"system": SYSTEM, "concept": [{"code": "b"}]}],
)
CONCEPT_MAP: dict[str, Any] = {
    "resourceType": "ConceptMap",
    "url": "urn:m",
    "group": [
        {
            "source": SYSTEM,
            "target": "urn:t",
            "element": [
                {
                    "code": "a",
                    "target": [
                        {
                            "code": "t",
                            "equivalence": "equal",
                            "dependsOn": [{"property": "p", "value": "v"}],
                        }
                    ],
                }
            ],
            "unmapped": {"mode": "fixed", "code": "o"},
        }
    ],
}


def places(element: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Return where something stands in a resource, its name and address left alone."""
    found = [path] if path and path[-1] not in ("resourceType", "url") else []
    if isinstance(element, dict):
        return found + [one for key, part in element.items() for one in places(part, (*path, key))]
    if isinstance(element, list):
        return found + [one for at, part in enumerate(element) for one in places(part, (*path, at))]
    return found


# The machine may be busy.
@settings(deadline=None)
@given(st.sampled_from([CODE_SYSTEM, VALUE_SET, CONCEPT_MAP]), st.data())
def test_anything_may_stand_anywhere(resource: dict[str, Any], data: st.DataObject) -> None:
    broken = json.loads(json.dumps(resource))
    *way, last = data.draw(st.sampled_from(places(resource)))
    parent = broken
    for step in way:
        parent = parent[step]
    parent[last] = data.draw(JUNK)
    kept = [one for one in (CODE_SYSTEM, VALUE_SET, CONCEPT_MAP) if one is not resource]
    ask_everything(Terminology(Held([broken, *kept])))


def ask_everything(terminology: Terminology) -> None:
    """Ask all there is; refusals will do, faults will not."""
    coded = Coded(SYSTEM, "a")
    asked = terminology.value_set(VALUE_SET["url"])
    shown = Expanding(include_designations=True, language="fr", filter="a")
    for question in (
        lambda: expand(terminology.walk(asked), shown, moment="2026"),
        lambda: in_value_set(asked, [coded], terminology.resolver, Checking(infer=True)),
        lambda: in_code_system(terminology.code_system(SYSTEM), [coded], Checking()),
        lambda: lookup(terminology.code_system(SYSTEM), "a", language="fr"),
        lambda: translate(
            [terminology.concept_map("urn:m")], [coded], terminology.resolver, Translating()
        ),
    ):
        try:
            question()
        except GatewayError as refusal:
            assert refusal.text  # noqa: PT017 - any refusal will do, only faults not
