"""WADO-URI: one object by query parameters, for viewers of old (PS3.18 section 9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.dicom.media_types import DICOM, read_accept
from gateway.dicomweb.call import require_uid
from gateway.dicomweb.rendered import rendered
from gateway.dicomweb.retrieve import retrieve
from gateway.errors import Malformed, NotAcceptable, RequiredMissing

if TYPE_CHECKING:
    from gateway.dicomweb.answer import Answer
    from gateway.dicomweb.call import Call

_UIDS: Final = (("studyuid", "study"), ("seriesuid", "series"), ("objectuid", "instance"))
_KNOWN: Final = (
    "requesttype",
    *(name for name, _ in _UIDS),
    "contenttype",
    "transfersyntax",
    "framenumber",
    "rows",
    "columns",
    "region",
    "windowcenter",
    "windowwidth",
    "imagequality",
    "annotation",
    "charset",
)
_LARGEST: Final = "8192"


def wado_uri(call: Call) -> Answer:
    """Answer one object, or a picture of it; raises `Malformed`, `Unsupported`, `NotAcceptable`."""
    call.only(*_KNOWN)
    if call.parameter("requesttype") != "WADO":
        message = "The parameter requestType must be WADO."
        raise Malformed(message)
    wanted = _addressed(call)
    content = call.parameter("contenttype") or "image/jpeg"
    ranges = read_accept(content)
    if any(one.content == DICOM for one in ranges):
        syntax = call.parameter("transfersyntax")
        accept = f"{DICOM}; transfer-syntax={syntax}" if syntax else DICOM
        return retrieve(replace(wanted, headers={**call.headers, "accept": accept}))
    if call.parameter("region"):
        message = "region is not served by WADO-URI: ask for /rendered with a viewport."
        raise NotAcceptable(message)
    return rendered(
        replace(
            wanted,
            headers={**call.headers, "accept": content},
            place=call.parameter("framenumber"),
            parameters=tuple(_rendering(call)),
        )
    )


def _addressed(call: Call) -> Call:
    uids = {}
    for name, place in _UIDS:
        uid = call.parameter(name)
        if not uid:
            message = f"The parameter {name} is missing."
            raise RequiredMissing(message)
        require_uid(uid, name)
        uids[place] = uid
    return replace(
        call,
        study=uids["study"],
        series=uids["series"],
        instance=uids["instance"],
        parameters=(),
    )


def _rendering(call: Call) -> list[tuple[str, str]]:
    """Return the parameters in the words of /rendered."""
    found = []
    rows, columns = call.parameter("rows"), call.parameter("columns")
    if rows or columns:
        found.append(("viewport", f"{columns or _LARGEST},{rows or _LARGEST}"))
    center, width = call.parameter("windowcenter"), call.parameter("windowwidth")
    if center or width:
        found.append(("window", f"{center},{width},linear"))
    if quality := call.parameter("imagequality"):
        found.append(("quality", quality))
    if annotation := call.parameter("annotation"):
        found.append(("annotation", annotation))
    return found
