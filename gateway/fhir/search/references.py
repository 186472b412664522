"""What a reference points to (https://hl7.org/fhir/R4/references.html#literal)."""

from __future__ import annotations

import re
from typing import Final

from gateway.fhir.definitions import resource_types
from gateway.fhir.search.text import bounded

# (resource type, id), or (resource type or "", whole URL) for what lives elsewhere.
Target = tuple[str, str]

_LITERAL: Final = re.compile(
    r"((?:https?://[^\s?#]*/)?)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/[A-Za-z0-9\-.]{1,64})?(?:#.*)?"
)


def target_of(text: str, local_bases: tuple[str, ...] = ()) -> Target | None:
    """Return what `text` points to; None for what is contained or says nothing.

    A version in the reference is left out, and what is contained there: a search finds all of
    them. `local_bases` are this server's own addresses without a slash at the end.
    """
    if not text or text[0] == "#":
        return None
    return _target(text, local_bases)


def _target(text: str, local_bases: tuple[str, ...]) -> Target:
    literal = _LITERAL.fullmatch(text)
    if literal is None or literal[2] not in resource_types():
        return "", bounded(text)
    base, resource_type, resource_id = literal.groups()
    if not base or base.rstrip("/") in local_bases:
        return resource_type, resource_id
    return resource_type, bounded(f"{base}{resource_type}/{resource_id}")


def targets_of_canonical(text: str) -> tuple[Target, ...]:
    """Return a canonical with its version and without (canonical `|` version)."""
    url = text.partition("|")[0]
    whole, plain = bounded(text), bounded(url)
    return (("", whole),) if url == text else (("", whole), ("", plain))
