"""What of a query the database can decide: necessary conditions, the rest is the matcher's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import values
from gateway.dicom.matching.names import fold
from gateway.dicom.matching.ranges import moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, FromClause

    from gateway.dicom.query import Query

_WILDCARDS: Final = re.compile(r"[*?]+")
_BREAKS: Final = re.compile(r"[*?\s^=,'-]+")
_ESCAPE: Final = "\\"


def uids(column: Any, query: Query, number: int) -> list[ColumnElement[bool]]:  # noqa: ANN401 - a column
    """Return the condition on a column that holds the single value of a key."""
    wanted = query.single(number)
    return [column.in_(wanted)] if wanted else []


def study_conditions(listed: FromClause, query: Query) -> list[ColumnElement[bool]]:
    """Return what must hold of the row of a study, the same for a worklist but for dates."""
    columns = listed.c
    return [
        *uids(columns.study_uid, query, tag.STUDY_INSTANCE_UID),
        *uids(columns.patient_id, query, tag.PATIENT_ID),
        *uids(columns.accession, query, tag.ACCESSION_NUMBER),
        *(columns.names.contains(part, autoescape=True) for part in name_parts(query)),
    ]


def dates(column: Any, query: Query, number: int) -> list[ColumnElement[bool]]:  # noqa: ANN401 - a column
    """Return the conditions on a column that holds a day in canonical form."""
    given = values(query.keys, number)
    asked = moments("DA", str(given[0])) if len(given) == 1 else None
    if asked is None:
        return []
    low = [column >= asked.low] if asked.low else []
    # What follows the day, as in the start of a step, is behind it.
    high = [column <= f"{asked.high}~"] if asked.high else []
    return [*low, *high, *([column != ""] if asked.high else [])]


def name_parts(query: Query) -> Iterator[str]:
    """Yield the texts that the folded names have somewhere when the patient's name matches."""
    given = values(query.keys, tag.PATIENT_NAME)
    if len(given) != 1:
        return
    groups = given[0].values() if isinstance(given[0], dict) else [str(given[0] or "")]
    breaks = _BREAKS if query.options.fuzzy else _WILDCARDS
    for group in groups:
        # A wildcard stands for anything: folding must not join what it parts.
        for part in breaks.split(str(group)):
            yield from (word for word in breaks.split(fold(part)) if word)
