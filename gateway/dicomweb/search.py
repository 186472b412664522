"""Search Transaction: QIDO-RS (PS3.18 section 10.6)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.dicom.json_model import element, key
from gateway.dicom.media_types import DICOM_XML
from gateway.dicom.query import UNIQUE_KEYS, Level
from gateway.dicomweb.answer import Answer
from gateway.dicomweb.metadata import agreed_offer, part_of, xml_media, xml_parts
from gateway.dicomweb.packed import plain_of
from gateway.dicomweb.search_parameters import MOST, read_search
from gateway.errors import GatewayError
from gateway.fhir.wire import dumps, loads
from gateway.ingest.series_metadata import opened
from gateway.store.catalogue.catalogue import SUPPORTED
from gateway.store.instances import held_instances

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.dicom.json_model import Model
    from gateway.dicomweb.call import Call
    from gateway.dicomweb.ports import Ports
    from gateway.dicomweb.search_parameters import Search
    from gateway.store.catalogue.catalogue import Found

_AVAILABILITY: Final = {"00080056": element("CS", ["ONLINE"])}
_RETRIEVE_URL: Final = "00081190"
_SOP_INSTANCE: Final = "00080018"
_NAMES: Final = {Level.STUDY: "studies", Level.SERIES: "series", Level.IMAGE: "instances"}


def searching(level: Level) -> Callable[[Call], Answer]:
    """Return what answers searches at a level."""

    def search(call: Call) -> Answer:
        return _search(call, level)

    return search


def _search(call: Call, level: Level) -> Answer:
    offer = agreed_offer(call)
    search = read_search(call, level, SUPPORTED[level])
    wanted = search.query.limit or MOST
    # One more than wanted, to know whether there is more.
    asked = replace(search.query, limit=wanted + 1)
    found = list(islice(call.ports.find(asked), wanted + 1))
    models = list(_answered(call, level, search, found[:wanted]))
    headers = _warnings(call, search, more=len(found) > wanted)
    if call.ports.pacs is not None:
        models = _with_others(models, call.ports.pacs.found(call, _path(call, level)), level)[
            :wanted
        ]
    if not models:
        return Answer(204, headers=headers)
    if offer.media == DICOM_XML:
        boundary = uuid4().hex
        return Answer(200, b"".join(xml_parts(models, boundary)), xml_media(boundary), headers)
    return Answer(200, dumps(models), offer.media, headers)


def _path(call: Call, level: Level) -> str:
    steps = f"/studies/{call.study}" if call.study else ""
    steps += f"/series/{call.series}" if call.series else ""
    return f"{steps}/{_NAMES[level]}"


def _with_others(held: list[Model], others: list[Model], level: Level) -> list[Model]:
    """Return what is held, and behind it what the PACS has beside."""
    name = key(UNIQUE_KEYS[level])
    here = {_value(one, name) for one in held}
    return [*held, *(one for one in others if _value(one, name) not in here)]


def _value(model: Model, name: str) -> str:
    found: str = (model.get(name, {}).get("Value") or [""])[0]
    return found


def _warnings(call: Call, search: Search, *, more: bool) -> dict[str, str]:
    """Return what the caller should know (PS3.18 sections 8.3.4.4, 10.6.3.1)."""
    said = []
    if more:
        said.append("There are additional results that can be requested")
    if search.unmatched:
        names = ", ".join(search.unmatched)
        said.append(f"The following attributes are not matched: {names}")
    warnings = ", ".join(f'299 {call.ports.base}: "{one}"' for one in said)
    return {"warning": warnings} if warnings else {}


def _answered(call: Call, level: Level, search: Search, found: list[Found]) -> Iterator[Model]:
    whole = _Whole(call.ports, search, many=len(found) > 1)
    for one in found:
        model = whole.of(one, level)
        if not search.everything:
            model = {name: said for name, said in model.items() if name in search.names}
        place = f"{call.ports.base}/studies/{one.study_uid}"
        place += f"/series/{one.series_uid}" if one.series_uid else ""
        place += f"/instances/{one.instance.sop_uid}" if one.instance else ""
        own = {**_AVAILABILITY, _RETRIEVE_URL: element("UR", [place])}
        yield dict(sorted({**model, **own}.items()))


class _Whole:
    """What is known of an answer beside what the catalogue says: its metadata, when it is asked."""

    def __init__(self, ports: Ports, search: Search, *, many: bool) -> None:
        self._ports = ports
        self._search = search
        self._many = many
        self._studies: dict[str, dict[str, Model]] = {}

    def of(self, found: Found, level: Level) -> Model:
        """Return all that is known of an answer and was asked for."""
        missing = self._search.names - SUPPORTED[level]
        if not (self._search.everything or missing):
            return found.model
        return {**self._metadata(found), **found.model}

    def _metadata(self, found: Found) -> Model:
        if found.instance is not None and not self._many:
            return self._of_one(found)
        known = self._studies.get(found.study_uid)
        if known is None:
            known = self._studies[found.study_uid] = self._of_study(found.study_uid)
            while len(self._studies) > 1:
                self._studies.pop(next(iter(self._studies)))
        if found.instance is not None:
            return known.get(found.instance.sop_uid, {})
        uid = found.series_uid
        series = (one for one in known.values() if not uid or _series(one) == uid)
        return next(series, {})

    def _of_one(self, found: Found) -> Model:
        name = found.instance.sop_uid if found.instance else ""
        for one in held_instances(self._ports.store, found.study_uid, name)[:1]:
            # What cannot be read whole is found by its header.
            with suppress(GatewayError), opened(self._ports.objects, one.object) as file:
                return self._ports.metadata.dataset(one, file).model
        return {}

    def _of_study(self, study_uid: str) -> dict[str, Model]:
        held = held_instances(self._ports.store, study_uid)
        made = self._ports.metadata.of(study_uid, held)
        texts = plain_of(part_of(one) for one in made)
        models = [model for text in texts for model in loads(b"[" + text + b"]")]
        return {model[_SOP_INSTANCE]["Value"][0]: model for model in models}


def _series(model: Model) -> str:
    found: str = model.get("0020000E", {}).get("Value", [""])[0]
    return found
