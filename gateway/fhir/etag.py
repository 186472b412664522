"""Entity tags of versions: https://hl7.org/fhir/R4/http.html#versioning."""

from __future__ import annotations

import re
from typing import Final

TAG: Final = re.compile(r'\s*(?:W/)?"(\d{1,9})"\s*')


def version_of(etag: str) -> int | None:
    """Return the version that an entity tag names, None for what is none."""
    found = TAG.fullmatch(etag)
    return None if found is None else int(found[1])
