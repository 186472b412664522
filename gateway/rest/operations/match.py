"""$match: https://hl7.org/fhir/R4/patient-operation-match.html.

Candidates come from a handful of indexed searches, each bounded; how alike they are is judged by
`gateway.fhir.match`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid, Issue, Malformed
from gateway.fhir.match import Grade, Score, candidate_searches, score
from gateway.fhir.outcome import outcome_of_issues
from gateway.fhir.parameters import Input
from gateway.fhir.search.query import parse_search
from gateway.rest.operations.given import given, told

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call
    from gateway.store.records import Stored

INPUTS: Final = (
    Input("resource", "Patient", low=1),
    Input("onlyCertainMatches", "boolean"),
    Input("count", "integer"),
)
_MATCH_GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"
# How many candidates one search may bring.
_CANDIDATES: Final = "200"
_DEFAULT_COUNT: Final = 20
_MAX_COUNT: Final = 200

Graded = tuple[Score, "Stored", "Resource"]


def match(call: Call) -> Answer:
    """Answer the patients that may be the one in `resource`, the likeliest first."""
    asked = given(call, *INPUTS)
    wanted = asked.resource("resource") or {}
    _check(call, wanted)
    count = asked.integer("count")
    if count is not None and count < 1:
        message = "count must be 1 or more."
        raise Malformed(message, expression="count")
    found = sorted(_graded(call, wanted), key=lambda one: (-one[0].value, one[1].id))
    note = None
    if asked.boolean("onlyCertainMatches"):
        found, note = _certain(found)
    kept = found[: min(count or _DEFAULT_COUNT, _MAX_COUNT)]
    return told(_bundle(call, kept, note))


def _check(call: Call, wanted: Resource) -> None:
    # Half a patient is matched too: what is asked for need not be complete, only readable.
    faults = tuple(one for one in call.ports.validate(wanted, ()) if one.severity == "error")
    if faults:
        raise Invalid(faults[0].text, issues=faults)
    if not candidate_searches(wanted):
        message = "Too little to match by: an identifier with its system, or a name, is needed."
        raise Invalid(message, issues=(Issue(message, "Patient", code="incomplete"),))


def _graded(call: Call, wanted: Resource) -> list[Graded]:
    found = []
    for stored in _candidates(call, wanted).values():
        candidate = stored.resource
        if not _is_merged_away(candidate):
            graded = score(wanted, candidate)
            if graded.grade is not Grade.CERTAINLY_NOT:
                found.append((graded, stored, candidate))
    return found


def _candidates(call: Call, wanted: Resource) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    for pairs in candidate_searches(wanted):
        query = parse_search("Patient", (*pairs, ("_count", _CANDIDATES)))
        found |= {one.id: one for one in call.ports.store.search(query).matches}
    return found


def _is_merged_away(patient: Resource) -> bool:
    return any(link.get("type") == "replaced-by" for link in patient.get("link", ()))


def _certain(found: list[Graded]) -> tuple[list[Graded], str | None]:
    """Return the one certain match; several of them are none."""
    certain = [one for one in found if one[0].grade is Grade.CERTAIN]
    if len(certain) == 1:
        return certain, None
    less = len(found) - len(certain)
    if certain:
        return [], f"{len(certain)} patients match certainly: which one it is cannot be said."
    return [], f"No patient matches certainly; {less} may match." if less else None


def _bundle(call: Call, found: list[Graded], note: str | None) -> Resource:
    base_url = call.ports.settings.fhir_url
    entries: list[dict[str, Any]] = [
        {
            "fullUrl": f"{base_url}/Patient/{stored.id}",
            "resource": candidate,
            "search": _search(graded),
        }
        for graded, stored, candidate in found
    ]
    if note is not None:
        issue = Issue(note, code="informational", severity="information")
        outcome = outcome_of_issues([issue])
        entries.append({"resource": outcome, "search": {"mode": "outcome"}})
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    return bundle | ({"entry": entries} if entries else {})


def _search(graded: Score) -> dict[str, Any]:
    grade = {"url": _MATCH_GRADE, "valueCode": graded.grade.value}
    return {"extension": [grade], "mode": "match", "score": graded.value}
