"""Displays and designations.

https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.concept.designation
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.fhir.terminology.composition import Member

LANGUAGES: Final = "urn:ietf:bcp:47"


def designations(member: Member, tokens: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the designations of a code, those of the value set first.

    `tokens` keeps some: `urn:ietf:bcp:47|fr`, `system|code` of a use, or either code alone.
    """
    own = member.listed.designations if member.listed else ()
    known = member.concept.designations if member.concept else ()
    return [dict(one) for one in (*own, *known) if not tokens or _asked(one, tokens)]


def _asked(designation: Any, tokens: Iterable[str]) -> bool:  # noqa: ANN401 - an element
    use = designation.get("use")
    named = use if isinstance(use, dict) else {}
    have = {f"{LANGUAGES}|{designation.get('language')}", str(designation.get("language"))}
    have |= {f"{named.get('system')}|{named.get('code')}", str(named.get("code"))}
    return not have.isdisjoint(tokens)


def display_in(member: Member, language: str) -> str:
    """Return the display in a language (a BCP 47 tag), else the usual one."""
    return chosen(member.display, designations(member) if language else (), language)


def chosen(display: str, named: Iterable[dict[str, Any]], language: str) -> str:
    """Return the designation in that language, or in a dialect of it, else `display`."""
    wanted = language.casefold()
    told = [(str(one.get("language", "")).casefold(), str(one.get("value", ""))) for one in named]
    exact = (value for tongue, value in told if tongue == wanted)
    near = (value for tongue, value in told if _main(tongue) == _main(wanted) != "")
    return next(exact, "") or next(near, "") or display


def _main(language: str) -> str:
    return language.partition("-")[0]
