"""The conditions and preferences that a request carries in its headers.

https://hl7.org/fhir/R4/http.html#concurrency, RFC 9110 section 13, RFC 7240
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.errors import Malformed
from gateway.fhir.etag import TAG, version_of

if TYPE_CHECKING:
    from datetime import datetime


class Return(StrEnum):
    """What `Prefer: return=` asks for after a write."""

    MINIMAL = "minimal"
    REPRESENTATION = "representation"
    OUTCOME = "operationoutcome"


def expected_version(if_match: str | None) -> int | None:
    """Return the version that `If-Match` demands, None without one; raises `Malformed`."""
    if if_match is None:
        return None
    version = version_of(if_match)
    if version is None:
        message = 'If-Match must be one version of the resource, as in W/"3".'
        raise Malformed(message)
    return version


def only_new(if_none_match: str | None) -> bool:
    """Whether `If-None-Match: *` demands that a write creates."""
    return if_none_match is not None and if_none_match.strip() == "*"


def is_known(if_none_match: str | None, version: int) -> bool:
    """Whether `If-None-Match` lists this version, so that 304 is the answer."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return str(version) in TAG.findall(if_none_match)


def is_unmodified(if_modified_since: str | None, last_updated: datetime) -> bool:
    """Whether nothing changed since; an unreadable date is ignored (RFC 9110 13.1.3)."""
    if if_modified_since is None:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
        return int(last_updated.timestamp()) <= since.timestamp()
    except (ValueError, OverflowError):
        return False


def preferred_return(prefer: str | None) -> Return:
    """Return what `Prefer: return=` asks for; the representation when it says nothing."""
    wanted = _preference(prefer, "return")
    return Return(wanted) if wanted in tuple(Return) else Return.REPRESENTATION


def is_lenient(prefer: str | None) -> bool:
    """Whether `Prefer: handling=lenient` asks to ignore unknown search parameters."""
    return _preference(prefer, "handling") == "lenient"


def _preference(prefer: str | None, name: str) -> str | None:
    for part in re.split("[,;]", prefer or ""):
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip(' "').lower()
    return None
