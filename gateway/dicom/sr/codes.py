"""Coded entries of documents: a term in today's coding schemes, whatever scheme it came in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.dicom.attributes import (
    CODE_VALUE,
    CODING_SCHEME_DESIGNATOR,
    LONG_CODE_VALUE,
    URN_CODE_VALUE,
)
from gateway.dicom.json_model import text

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model

_VALUES: Final = (CODE_VALUE, LONG_CODE_VALUE, URN_CODE_VALUE)
# What SNOMED CT was called before its numbers (PS3.16 section 8, "SRT", "SNM3", "99SDM").
_FORMER_SNOMED: Final = frozenset({"SRT", "SNM3", "99SDM"})


class Term(NamedTuple):
    """Coding scheme designator and code value; both empty when there is no code."""

    scheme: str
    value: str


def code_value(item: Model) -> str:
    """Return the code value of a code item, whichever attribute it is in."""
    return next((value for name in _VALUES if (value := text(item, name))), "")


def term(item: Model) -> Term:
    """Return the term of a code item; SNOMED RT is SNOMED CT where the two have met.

    PS3.16 annex O.
    """
    scheme, value = text(item, CODING_SCHEME_DESIGNATOR).upper(), code_value(item)
    if scheme in _FORMER_SNOMED and value in _snomed():
        return Term("SCT", _snomed()[value])
    return Term(scheme, value)


@cache
def _snomed() -> dict[str, str]:
    """Return the SNOMED CT code of each SNOMED RT code."""
    # With it comes the whole of pydicom, which doors that meet no such code need not load.
    from pydicom.sr._snomed_dict import mapping  # noqa: PLC0415 - see above

    found: dict[str, str] = mapping["SRT"]
    return found
