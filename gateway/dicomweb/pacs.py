"""A PACS that keeps its pixel data: what is not held here is asked of it, as DICOMweb.

The same decisions hold as for what is held: a study that is not known here, or that a label hides,
is not there; what a rejection note names is left out.
"""

from __future__ import annotations

import json
from contextlib import closing as closed_at_end
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from uuid import uuid4

import httpx

from gateway.dicom.media_types import DICOM, DICOM_JSON, MULTIPART, agreed, written
from gateway.dicom.media_types import Offer as Offered
from gateway.dicom.multipart import MultipartReader, PartBegun, boundary_of, closing, part_head
from gateway.dicomweb.answer import CHUNK, Answer
from gateway.errors import GatewayError, NotAcceptable, NotFound, Unavailable
from gateway.fhir.wire import dumps
from gateway.store.instances import rejected_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.json_model import Model
    from gateway.dicomweb.call import Call

# Long enough for a PACS that fetches from tape.
_SECONDS: Final = 120.0
_ASKED: Final = ("accept", "range", "if-none-match", "if-range")
_TOLD: Final = ("etag", "content-range", "accept-ranges", "warning", "content-encoding")
_STUDY: Final = "0020000D"
_SERIES: Final = "0020000E"
_INSTANCE: Final = "00080018"
_RETRIEVE_URL: Final = "00081190"
_NOT_FOUND: Final = 404
_NO_CONTENT: Final = 204
_REFUSED: Final = 400
_FAILED: Final = 500
_OBJECTS: Final = (Offered(DICOM, multipart=True),)


class Pacs:
    """Another DICOMweb server."""

    def __init__(self, url: str) -> None:
        """Ask `url`, its root; nothing is connected yet."""
        self.url = url.rstrip("/")
        self._client = httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def passed(self, call: Call, path: str) -> Answer:
        """Answer a retrieval from the PACS; raises `NotFound`, `Unavailable` or `NotAcceptable`."""
        hidden = rejected_in(call.ports.store, call.study)
        if not call.ports.knows(call.study) or call.instance in hidden:
            message = "There is no such study here."
            raise NotFound(message)
        if path.endswith("/metadata"):
            return self._metadata(call, path, hidden)
        if hidden and not call.instance:
            return self._without(call, path, hidden)
        return self._streamed(call, path)

    def found(self, call: Call, path: str) -> list[Model]:
        """Return what a search finds in the PACS, of studies that are known here and not hidden."""
        with closed_at_end(self._send(call, path, {"accept": DICOM_JSON})) as answer:
            listed = _json(answer) if answer.status_code != _NO_CONTENT else []
        models = [one for one in listed if isinstance(one, dict) and _uid(one, _STUDY)]
        seen = {uid for uid in {_uid(one, _STUDY) for one in models} if call.ports.knows(uid)}
        hidden = {uid: rejected_in(call.ports.store, uid) for uid in seen}
        return [
            self._ours(call, one)
            for one in models
            if _uid(one, _STUDY) in seen and _uid(one, _INSTANCE) not in hidden[_uid(one, _STUDY)]
        ]

    def _ours(self, call: Call, model: Model) -> Model:
        steps = (("studies", _STUDY), ("series", _SERIES), ("instances", _INSTANCE))
        place = "".join(f"/{name}/{uid}" for name, tag in steps if (uid := _uid(model, tag)))
        return {**model, _RETRIEVE_URL: {"vr": "UR", "Value": [call.ports.base + place]}}

    def _metadata(self, call: Call, path: str, hidden: set[str]) -> Answer:
        """Answer metadata whose bulk data is asked for here as well."""
        if not any(agreed(call.accepted, (Offered(DICOM_JSON), Offered("application/json")))):
            message = f"The metadata of this study is answered as {DICOM_JSON}."
            raise NotAcceptable(message)
        with closed_at_end(self._send(call, path, {"accept": DICOM_JSON})) as answer:
            listed = _json(answer)
        body = dumps(_shown(listed, hidden)).replace(self.url.encode(), call.ports.base.encode())
        return Answer(200, body, DICOM_JSON)

    def _without(self, call: Call, path: str, hidden: set[str]) -> Answer:
        """Answer the objects of a study one by one, without those that were rejected."""
        wanted = next(iter(agreed(call.accepted, _OBJECTS)), None)
        if wanted is None or path.endswith(("/rendered", "/thumbnail")):
            message = "Objects of this study were rejected: ask for the others one by one."
            raise NotAcceptable(message)
        syntax = wanted[1].transfer_syntax
        # In parts even when it is one: older plugins of Orthanc know no other way.
        accept = written(
            MULTIPART, {"type": DICOM, **({"transfer-syntax": syntax} if syntax else {})}
        )
        found = self._send(call, f"{path}/instances", {"accept": DICOM_JSON})
        with closed_at_end(found) as answer:
            listed = [_uids(one) for one in _shown(_json(answer), hidden)]
        boundary = uuid4().hex
        media = written(MULTIPART, {"type": DICOM, "boundary": boundary})
        return Answer(200, media=media, pieces=self._parts(call, listed, accept, boundary))

    def _parts(
        self, call: Call, listed: list[tuple[str, str]], accept: str, boundary: str
    ) -> Iterator[bytes]:
        for series, instance in listed:
            path = f"/studies/{call.study}/series/{series}/instances/{instance}"
            with closed_at_end(self._send(call, path, {"accept": accept})) as answer:
                yield from _repacked(answer, boundary)
        yield closing(boundary)

    def _streamed(self, call: Call, path: str) -> Answer:
        asked = {name: call.headers[name] for name in _ASKED if name in call.headers}
        answer = self._send(call, path, {"accept": "*/*", **asked})
        headers = {name: answer.headers[name] for name in _TOLD if name in answer.headers}
        size = answer.headers.get("content-length", "")
        return Answer(
            answer.status_code,
            media=answer.headers.get("content-type", ""),
            headers=headers,
            pieces=answer.iter_raw(CHUNK),
            size=int(size) if size.isdigit() else None,
            done=answer.close,
        )

    def _send(self, call: Call, path: str, headers: dict[str, str]) -> httpx.Response:
        """Ask and return the answer, its body still to be read; raises what the PACS refuses."""
        request = self._client.build_request(
            "GET",
            self.url + _below(path),
            params=[(name, value) for name, value in call.parameters if name != "accept"],
            headers={"accept-encoding": "identity", **headers},
        )
        try:
            answer = self._client.send(request, stream=True)
        except httpx.HTTPError:
            message = "The PACS does not answer."
            raise Unavailable(message) from None
        if answer.status_code >= _REFUSED:
            answer.close()
            raise _refusal(answer.status_code)
        return answer


class Refused(GatewayError):
    """The PACS refused, with a status of its own."""

    def __init__(self, status: int) -> None:
        """Keep the status."""
        super().__init__(f"The PACS refused with {status}.")
        self.http_status = status  # type: ignore[misc]  # its own, and not that of a class


def _refusal(status: int) -> GatewayError:
    if status == _NOT_FOUND:
        return NotFound("The PACS has nothing there.")
    if status >= _FAILED:
        return Unavailable(f"The PACS failed with {status}.")
    return Refused(status)


def _below(path: str) -> str:
    """Return a path as it is asked for; raises `NotFound` for one that climbs out of its study.

    httpx and proxies take dot segments out (RFC 3986 section 5.2.4): what is behind them is another
    study, or not DICOMweb at all.
    """
    if not {".", ".."}.isdisjoint(path.split("/")):
        message = "There is nothing at this address."
        raise NotFound(message)
    return quote(path, safe="/,:@")


def _repacked(answer: httpx.Response, boundary: str) -> Iterator[bytes]:
    """Yield the parts of an answer between other boundaries; raises `Malformed`."""
    reader = MultipartReader(boundary_of(answer.headers.get("content-type", ""))[0])
    for chunk in answer.iter_raw(CHUNK):
        for event in reader.feed(chunk):
            if isinstance(event, PartBegun):
                media = event.headers.get("content-type", DICOM)
                yield part_head(boundary, {"Content-Type": media})
            elif isinstance(event, bytes):
                yield event
    reader.end()


def _json(answer: httpx.Response) -> list[Any]:
    try:
        found = json.loads(answer.read())
    except (ValueError, httpx.HTTPError):
        message = "The PACS did not answer with DICOM JSON."
        raise Unavailable(message) from None
    return found if isinstance(found, list) else []


def _shown(models: list[Model], hidden: set[str]) -> list[Model]:
    """Return the objects that were not rejected; without any there is no study: `NotFound`."""
    found = [one for one in models if _uid(one, _INSTANCE) not in hidden]
    if not found:
        message = "There is no such study here."
        raise NotFound(message)
    return found


def _uids(model: Model) -> tuple[str, str]:
    return _uid(model, _SERIES), _uid(model, _INSTANCE)


def _uid(model: Model, tag: str) -> str:
    values = model.get(tag, {}).get("Value")
    found = values[0] if isinstance(values, list) and values else ""
    return found if isinstance(found, str) else ""
