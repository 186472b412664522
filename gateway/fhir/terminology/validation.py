"""$validate-code of code systems and value sets.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html,
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import NotFound
from gateway.fhir.terminology.canonical import Canonical
from gateway.fhir.terminology.composition import Composition, Member, Versions
from gateway.fhir.terminology.displays import designations, display_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.fhir.terminology.code_system import CodeSystem
    from gateway.fhir.terminology.resolver import Resolver
    from gateway.fhir.terminology.value_set import ValueSet


class Coded(NamedTuple):
    """A code as it is given; an empty system is not known."""

    system: str
    code: str
    display: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Checking:
    """`abstract` false refuses codes that only group others; `infer` finds a missing system."""

    language: str = ""
    abstract: bool = True
    infer: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a code is valid, why not or what is odd, and how it is to be displayed."""

    result: bool
    message: str = ""
    display: str = ""


def in_value_set(
    value_set: ValueSet, codings: Sequence[Coded], resolver: Resolver, asked: Checking
) -> Verdict:
    """Say whether any of the codings is in the value set, under a display that it may have.

    Raises `Invalid` for a value set that cannot be followed.
    """
    return _best(_one_in(value_set, coded, resolver, asked) for coded in codings)


def in_code_system(system: CodeSystem, codings: Sequence[Coded], asked: Checking) -> Verdict:
    """Say whether any of the codings is a code of the system."""
    return _best(_one_of(system, coded, asked) for coded in codings)


def _best(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the first good one, else all that was said."""
    told = list(verdicts)
    for one in told:
        if one.result:
            return one
    if not told:
        return Verdict(result=False, message="There is no code to check.")
    messages = dict.fromkeys(one.message for one in told)
    display = next((one.display for one in told if one.display), "")
    return Verdict(result=False, message=" ".join(messages), display=display)


def _one_in(value_set: ValueSet, coded: Coded, resolver: Resolver, asked: Checking) -> Verdict:
    composition = Composition(resolver, _versions(coded))
    try:
        if not coded.system:
            return _without_system(value_set, coded, composition, asked)
        found = composition.find(value_set, coded.system, coded.code)
    except NotFound as missing:
        return Verdict(result=False, message=missing.text)
    if found is None:
        return Verdict(result=False, message=_not_in(value_set, coded, resolver))
    return _judged(found, coded, asked)


def _versions(coded: Coded) -> Versions:
    return Versions({coded.system: coded.version} if coded.version else {})


def _without_system(
    value_set: ValueSet, coded: Coded, composition: Composition, asked: Checking
) -> Verdict:
    """Look for the code in every system of the value set, when the caller lets us."""
    if not asked.infer:
        return Verdict(
            result=False, message=f"The code {coded.code[:100]} was given without its system."
        )
    systems = sorted(composition.systems(value_set))
    found = [composition.find(value_set, one, coded.code) for one in systems]
    members = [one for one in found if one is not None]
    if len(members) == 1:
        return _judged(members[0], coded, asked)
    if members:
        named = ", ".join(one.system for one in members)
        message = f"{coded.code[:100]} is a code of several systems of the value set: {named}."
    else:
        message = f"{coded.code[:100]} is in no code system of {value_set.named}."
    return Verdict(result=False, message=message)


def _not_in(value_set: ValueSet, coded: Coded, resolver: Resolver) -> str:
    code, name = coded.code[:100], value_set.named
    system = resolver.code_system(Canonical(coded.system))
    if system is not None and system.complete and system.find(coded.code) is None:
        return f"{code} is not a code of {coded.system[:200]}, and not in {name}."
    return f"{coded.system[:200]}#{code} is not in {name}."


def _one_of(system: CodeSystem, coded: Coded, asked: Checking) -> Verdict:
    url = system.canonical.url
    if coded.system not in ("", url):
        return Verdict(result=False, message=f"{coded.system[:200]} is not the code system {url}.")
    concept = system.find(coded.code)
    if concept is None:
        code = coded.code[:100]
        if system.complete:
            message = f"{code} is not a code of {system.canonical}."
        else:
            message = (
                f"{code} is not among the codes of {system.canonical} that are here "
                f"(content = {system.content}): it may be valid all the same."
            )
        return Verdict(result=False, message=message)
    member = Member(url, concept.code, system.canonical.version, concept, None)
    return _judged(member, coded, asked)


def _judged(member: Member, coded: Coded, asked: Checking) -> Verdict:
    display = display_in(member, asked.language)
    if member.abstract and not asked.abstract:
        message = f"{member.code} only groups other codes."
        return Verdict(result=False, message=message, display=display)
    if coded.display and display:
        known = {display, member.display, *(str(d.get("value")) for d in designations(member))}
        if member.concept is not None:
            known.add(member.concept.display)
        if _folded(coded.display) not in {_folded(one) for one in known}:
            message = f"The display of {member.code} is {display!r}, not what was given."
            return Verdict(result=False, message=message, display=display)
    hint = f"{member.code} must no longer be used." if member.inactive else ""
    return Verdict(result=True, message=hint, display=display)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
