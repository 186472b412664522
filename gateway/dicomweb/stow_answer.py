"""What a Store transaction answers: the Store Instances Response Module (PS3.18 annex I)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.dicom.json_model import element
from gateway.dicom.media_types import DICOM_XML
from gateway.dicom.native_xml import native_xml
from gateway.dicomweb.answer import Answer
from gateway.dicomweb.arriving import SUCCESS
from gateway.fhir.wire import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.dicom.json_model import Model
    from gateway.dicom.media_types import Offer
    from gateway.dicomweb.arriving import Outcome
    from gateway.dicomweb.call import Call

_OUT_OF_RESOURCES: Final = 0xA700
# PS3.18 table I.2-2: what the part is cannot be told.
_NOT_UNDERSTOOD: Final = 0xC000
_RETRIEVE_URL: Final = "00081190"
_REFERENCED_CLASS: Final = "00081150"
_REFERENCED_INSTANCE: Final = "00081155"
_FAILURE_REASON: Final = "00081197"
_FAILED: Final = "00081198"
_REFERENCED: Final = "00081199"
_OTHER_FAILURES: Final = "0008119A"


def answer_of(call: Call, offer: Offer, outcomes: Sequence[Outcome], unsupported: int) -> Answer:
    """Return the answer; `unsupported` parts were none that is taken."""
    model = dict(_module(call, outcomes, unsupported))
    body = native_xml(model) if offer.media == DICOM_XML else dumps(model)
    status = _status(outcomes, unsupported)
    headers = {"retry-after": "2"} if status == 503 else {}  # noqa: PLR2004 - Service Unavailable
    return Answer(status, body, offer.media, headers)


def _status(outcomes: Sequence[Outcome], unsupported: int) -> int:
    """Return 200 for all, 202 for some, 409 for none, 503 when the disk or database is away."""
    stored = [one for one in outcomes if one.status == SUCCESS]
    if stored:
        return 200 if len(stored) == len(outcomes) and not unsupported else 202
    away = bool(outcomes) and all(one.status == _OUT_OF_RESOURCES for one in outcomes)
    return 503 if away else 409


def _module(
    call: Call, outcomes: Sequence[Outcome], unsupported: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    base = call.ports.base
    stored = [one for one in outcomes if one.status == SUCCESS]
    failed = [one for one in outcomes if one.status != SUCCESS and one.sop_instance]
    other = [one.status for one in outcomes if one.status != SUCCESS and not one.sop_instance]
    studies = {one.study for one in stored}
    if len(studies) == 1:
        yield _RETRIEVE_URL, element("UR", [f"{base}/studies/{studies.pop()}"])
    if failed:
        items = [{**_named(one), _FAILURE_REASON: element("US", [one.status])} for one in failed]
        yield _FAILED, element("SQ", items)
    if stored:
        yield _REFERENCED, element("SQ", [_stored(base, one) for one in stored])
    if other or unsupported:
        reasons = [*other, *([_NOT_UNDERSTOOD] * unsupported)]
        items = [{_FAILURE_REASON: element("US", [reason])} for reason in reasons]
        yield _OTHER_FAILURES, element("SQ", items)


def _named(one: Outcome) -> Model:
    return {
        _REFERENCED_CLASS: element("UI", [one.sop_class]),
        _REFERENCED_INSTANCE: element("UI", [one.sop_instance]),
    }


def _stored(base: str, one: Outcome) -> Model:
    place = f"{base}/studies/{one.study}/series/{one.series}/instances/{one.sop_instance}"
    return {**_named(one), _RETRIEVE_URL: element("UR", [place])}
