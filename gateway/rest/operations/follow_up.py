"""$follow-up: of one EpisodeOfCare whole, of the episodes of a programme a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from gateway.errors import Malformed
from gateway.fhir.parameters import Input, named, parameters_resource, with_parts
from gateway.ingest.programmes.definitions import Definitions
from gateway.ingest.programmes.following import Following, Wanted, episode_of
from gateway.programmes.agenda import PARIS
from gateway.programmes.names import BASE
from gateway.rest.operations.given import given, told
from gateway.rest.operations.programme_input import day_of, language

if TYPE_CHECKING:
    from gateway.fhir.parameters import Given
    from gateway.fhir.wire import Resource
    from gateway.ingest.programmes.following import Followed
    from gateway.programmes.follow_up import Done, FollowUp
    from gateway.rest.answer import Answer
    from gateway.rest.call import Call

ONE_INPUTS: Final = (Input("date", "date"),)
ALL_INPUTS: Final = (
    Input("date", "date"),
    Input("organization", "string"),
    Input("status", "code", high=0),
    Input("_count", "integer"),
    # This server's own: what its next links carry.
    Input("_cursor", "string"),
)
ONE_OUTPUTS: Final = (
    Input("status", "code", low=1),
    Input("text", "string", low=1),
    Input("lastContact", "date"),
    Input(
        "activity",
        "",
        high=0,
        parts=(
            Input("code", "Coding", low=1),
            Input("text", "string", low=1),
            Input("done", "integer", low=1),
            Input("averagePerYear", "decimal"),
            Input("expected", "decimal"),
        ),
    ),
    Input(
        "late",
        "",
        high=0,
        parts=(
            Input("task", "Reference", low=1),
            Input("due", "date", low=1),
            Input("text", "string", low=1),
        ),
    ),
)
_STATES: Final = ("on-track", "late", "lost", "ended")
_SYSTEM: Final = f"{BASE}/CodeSystem/follow-up"
_DEFAULT_COUNT: Final = 50
_MAX_COUNT: Final = 200


def follow_episode(call: Call) -> Answer:
    """Answer a Parameters: the state, what was done against the averages, what is late."""
    asked = given(call, *ONE_INPUTS)
    lang = language(call)
    store = call.ports.store
    episode = episode_of(store, call.id)
    programme = Definitions(store, lang).programme_of(episode)
    on = day_of(asked, "date", lang) or call.ports.clock().astimezone(PARIS).date()
    return told(_parameters(Following(store).one(programme, episode, on, lang)))


def _parameters(found: FollowUp) -> Resource:
    last = (named("lastContact", "date", found.last_contact),) if found.last_contact else ()
    return parameters_resource(
        named("status", "code", found.state),
        named("text", "string", found.text),
        *last,
        *(with_parts("activity", *_activity(one)) for one in found.done),
        *(
            with_parts(
                "late",
                named("task", "reference", {"reference": f"Task/{one.task['id']}"}),
                named("due", "date", one.due),
                named("text", "string", str(one.task.get("description", ""))),
            )
            for one in found.late
        ),
    )


def _activity(done: Done) -> list[dict[str, Any]]:
    rows = [
        named("code", "coding", done.activity),
        named("text", "string", done.title),
        {"name": "done", "valueInteger": done.count},
    ]
    averages = (("averagePerYear", done.per_year), ("expected", done.expected))
    rows += [{"name": name, "valueDecimal": value} for name, value in averages if value is not None]
    return rows


def follow_programme(call: Call) -> Answer:
    """Answer a Bundle: a List with a state and a sentence each, then the EpisodeOfCare."""
    asked = given(call, *ALL_INPUTS)
    lang = language(call)
    programme = Definitions(call.ports.store, lang).programme(call.id)
    states = frozenset(asked.texts("status"))
    if states - set(_STATES):
        message = f"status is one of {', '.join(_STATES)}."
        raise Malformed(message, expression="status")
    wanted = Wanted(
        on=day_of(asked, "date", lang) or call.ports.clock().astimezone(PARIS).date(),
        lang=lang,
        organization=asked.text("organization") or "",
        states=states,
    )
    count = max(1, min(asked.integer("_count") or _DEFAULT_COUNT, _MAX_COUNT))
    cursor = asked.text("_cursor") or ""
    found, following = Following(call.ports.store).page(programme, wanted, count, cursor)
    return told(_bundle(call, asked, wanted, found, following))


def _bundle(
    call: Call, asked: Given, wanted: Wanted, found: list[Followed], following: str
) -> Resource:
    base = call.ports.settings.fhir_url
    kept = [(name, str(one)) for name, values in asked.values.items() for one in values]
    url = f"{base}/{call.type}/{call.id}/$follow-up"
    links = [{"relation": "self", "url": _url(url, kept)}]
    if following:
        shape = [pair for pair in kept if pair[0] != "_cursor"]
        links.append({"relation": "next", "url": _url(url, [*shape, ("_cursor", following)])})
    entries = [
        {"fullUrl": f"{base}/EpisodeOfCare/{one.episode['id']}", "resource": one.episode}
        for one in found
    ]
    listed = {"resource": _list(wanted, found)}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "link": links,
        "entry": [listed, *entries],
    }


def _list(wanted: Wanted, found: list[Followed]) -> Resource:
    entries = [
        {
            "flag": {"coding": [{"system": _SYSTEM, "code": one.state}], "text": one.text},
            "item": {"reference": f"EpisodeOfCare/{one.episode['id']}"},
        }
        for one in found
    ]
    whole: Resource = {
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "date": wanted.on.isoformat(),
    }
    return whole | ({"entry": entries} if entries else {})


def _url(url: str, pairs: list[tuple[str, str]]) -> str:
    return f"{url}?{urlencode(pairs)}" if pairs else url
