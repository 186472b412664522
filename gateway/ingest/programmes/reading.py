"""The record of a patient as far as a programme asks for it, from the store or inside a write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from gateway.errors import Invalid
from gateway.fhir.search.query import parse_search
from gateway.programmes.eligibility import Evidence
from gateway.programmes.names import PROGRAMME, ROLE
from gateway.programmes.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.fhir.wire import Resource
    from gateway.programmes.programme import Programme
    from gateway.store.api import Store, Stored

_ANSWERED: Final = ("completed", "amended")
_MOST: Final = "1000"


class Reads(Protocol):
    """What is asked of the store, and of a transaction alike."""

    def read(self, resource_type: str, resource_id: str, /) -> Stored | None:
        """Return the current version, a deletion included, or None."""

    def find_referring(self, resource_type: str, param: str, target: str, /) -> Sequence[Stored]:
        """Return the current resources whose reference parameter points to `Type/id`."""


class StoreReads:
    """Reads what is committed as a transaction reads."""

    def __init__(self, store: Store) -> None:
        """Read from `store`."""
        self._store = store

    def read(self, resource_type: str, resource_id: str) -> Stored | None:
        """Return the current version, a deletion included, or None."""
        return self._store.read(resource_type, resource_id)

    def find_referring(self, resource_type: str, param: str, target: str) -> Sequence[Stored]:
        """Return the current resources whose reference parameter points to `Type/id`."""
        query = parse_search(resource_type, [(param, target), ("_count", _MOST)])
        return self._store.search(query).matches


def held(reads: Reads, reference: str) -> Resource | None:
    """Return what `Type/id` names, None when it is not here."""
    kind, _, name = reference.partition("/")
    found = reads.read(kind, name) if name else None
    return None if found is None or found.deleted else found.resource


def subject_of(reads: Reads, reference: str, lang: str) -> Resource:
    """Return the patient; raises `Invalid` when it is none that is here."""
    found = held(reads, reference) if reference.startswith("Patient/") else None
    if found is None:
        raise Invalid(say(lang, "no-subject", what=reference[:80]), expression="subject")
    return found


def gather(
    reads: Reads, programme: Programme, subject: str, lang: str, given: Iterable[str] = ()
) -> Evidence:
    """Return what is known; `given` are requests, answers and consents that the caller names.

    Raises `Invalid` for a patient that is not here, and for something given that is about another.
    """
    patient = subject_of(reads, subject, lang)
    named = [_given(reads, one, subject, lang) for one in given if one]

    def about(kind: str, param: str) -> list[Resource]:
        return [one.resource for one in reads.find_referring(kind, param, subject)]

    answers = [
        one
        for one in about("QuestionnaireResponse", "subject")
        if one.get("status") in _ANSWERED
        and str(one.get("questionnaire", "")).partition("|")[0] in programme.questionnaires
    ]
    return Evidence(
        patient=patient,
        referrals=_merged(
            (one for one in about("ServiceRequest", "subject") if asks_for(one, programme)),
            (one for one in named if one["resourceType"] == "ServiceRequest"),
        ),
        assessments=sorted(answers, key=lambda one: str(one.get("authored", "")))[-1:],
        consents=[one for one in about("Consent", "patient") if _concerns(one, programme)],
        episodes=[one for one in about("EpisodeOfCare", "patient") if is_of(one, programme)],
        conditions=about("Condition", "subject"),
    )


def _given(reads: Reads, reference: str, subject: str, lang: str) -> Resource:
    found = held(reads, reference)
    if found is None:
        raise Invalid(say(lang, "not-here", what=reference[:80]))
    whose = found.get("subject") or found.get("patient") or {}
    if whose.get("reference") != subject:
        raise Invalid(say(lang, "patient-other", what=reference[:80]))
    return found


def _merged(*several: Iterable[Resource]) -> list[Resource]:
    found = {one["id"]: one for some in several for one in some}
    return [one for one in found.values() if one.get("status") == "active"]


def asks_for(request: Resource, programme: Programme) -> bool:
    """Whether a ServiceRequest asks for the programme: it names the plan, or its code."""
    urls: list[object] = [
        str(one).partition("|")[0] for one in request.get("instantiatesCanonical", ())
    ]
    if programme.plan.get("url") in urls:
        return True
    concepts = [request.get("code", {}), *request.get("category", ())]
    return any(_is_program(one, programme) for one in concepts)


def is_of(episode: Resource, programme: Programme) -> bool:
    """Whether an EpisodeOfCare is one of the programme."""
    return any(_is_program(one, programme) for one in episode.get("type", ()))


def _concerns(consent: Resource, programme: Programme) -> bool:
    """Whether a Consent is an opposition, or is about the programme by name."""
    provision = consent.get("provision", {})
    if provision.get("type") == "deny":
        return True
    return any(_is_program(one, programme) for one in provision.get("code", ()))


def _is_program(concept: Mapping[str, object], programme: Programme) -> bool:
    codings = concept.get("coding", ())
    assert isinstance(codings, list | tuple)  # noqa: S101 - it was validated when it was written
    return any(
        one.get("system") == PROGRAMME and one.get("code") == programme.code.get("code")
        for one in codings
    )


def staff(reads: Reads, organization: str) -> dict[str, tuple[str, ...]]:
    """Return who holds which role in a structure, by role code."""
    found: dict[str, tuple[str, ...]] = {}
    if not organization:
        return found
    for stored in reads.find_referring("PractitionerRole", "organization", organization):
        role = stored.resource
        if role.get("active") is False:
            continue
        person = role.get("practitioner", {}).get("reference", stored.reference)
        for concept in role.get("code", ()):
            for coding in concept.get("coding", ()):
                if coding.get("system") == ROLE:
                    code = str(coding.get("code", ""))
                    found[code] = (*found.get(code, ()), person)
    return found
