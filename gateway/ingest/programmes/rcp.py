"""A multi-professional meeting from its plan to its documents; each step is one commit or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Conflict, Gone, Ineligible, NotFound
from gateway.ingest.programmes.decision_documents import DecisionDocuments, Parties, named
from gateway.ingest.programmes.definitions import Definitions
from gateway.ingest.programmes.reading import held as found_here
from gateway.ingest.programmes.reading import is_of
from gateway.programmes import meeting as rcp
from gateway.programmes.agenda import PARIS
from gateway.programmes.agreement import may_forward
from gateway.programmes.applying import labelled
from gateway.programmes.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gateway.fhir.wire import Resource
    from gateway.ingest.programmes.inclusion import Writes
    from gateway.ingest.programmes.reading import Reads
    from gateway.programmes.programme import Programme
    from gateway.store.api import Store, Transaction, Written

_OFF: Final = ("cancelled", "entered-in-error", "noshow")


@dataclass(frozen=True, slots=True)
class Todo:
    """What a decision asks of somebody: `due` is a FHIR date or empty."""

    title: str
    owner: str
    due: str = ""


@dataclass(frozen=True, slots=True)
class Discussion:
    """What is told of a discussion; references are `Type/id`."""

    patient: str
    present: tuple[str, ...]
    question: str
    decision: str
    elements: str = ""
    author: str = ""
    organization: str = ""
    at: datetime | None = None
    todos: tuple[Todo, ...] = ()


class Meetings:
    """Plans meetings and holds them."""

    def __init__(  # noqa: PLR0913 - what a flow stands on
        self,
        store: Store,
        write: Writes,
        new_id: Callable[[], str],
        *,
        now: datetime,
        lang: str,
        fhir_url: str,
    ) -> None:
        """Read from `store`, write with `write`; `now` has a time zone."""
        self._store = store
        self._write = write
        self.new_id = new_id
        self.now = now
        self.lang = lang
        self.fhir_url = fhir_url

    def plan(
        self,
        programme: Programme,
        *,
        start: datetime,
        participants: Sequence[str],
        patients: Sequence[str],
        place: str = "",
    ) -> list[Written]:
        """Write the meeting; raises `Ineligible` without participants or for a stranger."""
        if not participants:
            raise Ineligible(say(self.lang, "rcp-nobody"))

        def decide(tx: Transaction) -> list[Resource]:
            plans = [self._plan_of(tx, programme, one)[1] for one in dict.fromkeys(patients)]
            made = rcp.meeting(
                programme,
                self.new_id(),
                start=start,
                participants=participants,
                plans=[f"CarePlan/{one['id']}" for one in plans],
                place=place,
            )
            return [made]

        return self._write.decided(decide)

    def _plan_of(
        self, reads: Reads, programme: Programme, patient: str
    ) -> tuple[Resource, Resource]:
        """Return the open episode and the CarePlan of a patient; raises `Ineligible` for none."""
        episodes = [
            one.resource for one in reads.find_referring("EpisodeOfCare", "patient", patient)
        ]
        plans = [one.resource for one in reads.find_referring("CarePlan", "subject", patient)]
        for episode in episodes:
            if episode.get("status") != "active" or not is_of(episode, programme):
                continue
            own = {"reference": f"EpisodeOfCare/{episode['id']}"}
            for plan in plans:
                if own in plan.get("supportingInfo", ()):
                    return episode, plan
        text = say(self.lang, "rcp-stranger", what=patient[:80], programme=programme.title)
        raise Ineligible(text)

    def programme_of(self, meeting: Resource) -> Programme:
        """Return the programme that a meeting is of; raises `Ineligible` when it is of none."""
        definitions = Definitions(self._store, self.lang)
        return definitions.programme_of(
            {"id": meeting["id"], "type": meeting.get("serviceType", ())}
        )

    def hold(self, meeting_id: str, told: Discussion) -> list[Written]:
        """Write a discussion with its documents; returns the Encounter, then the rest.

        Raises `Ineligible` (422) without anybody present, question or decision, and for a patient
        who is not on the list; `Conflict` (409) when he was discussed already.
        """
        self._check(told)
        meeting = _meeting(self._store.read("Appointment", meeting_id), meeting_id)
        programme = self.programme_of(meeting)

        def decide(tx: Transaction) -> list[Resource]:
            current = _meeting(tx.read("Appointment", meeting_id), meeting_id)
            episode, plan = self._on_the_list(tx, programme, current, told.patient)
            self._once(tx, meeting_id, told.patient)
            return _Holding(self, tx, programme, told, meeting_id, episode, plan).resources()

        return self._write.decided(decide)

    def _check(self, told: Discussion) -> None:
        if not told.present:
            raise Ineligible(say(self.lang, "rcp-nobody"))
        if not told.question.strip() or not told.decision.strip():
            raise Ineligible(say(self.lang, "rcp-empty"))

    def _on_the_list(
        self, tx: Transaction, programme: Programme, meeting: Resource, patient: str
    ) -> tuple[Resource, Resource]:
        if meeting.get("status") in _OFF:
            raise Conflict(say(self.lang, "rcp-off"))
        episode, plan = self._plan_of(tx, programme, patient)
        if {"reference": f"CarePlan/{plan['id']}"} not in meeting.get("supportingInformation", ()):
            raise Ineligible(say(self.lang, "rcp-not-listed", what=patient[:80]))
        return episode, plan

    def _once(self, tx: Transaction, meeting_id: str, patient: str) -> None:
        about = tx.find_referring("Encounter", "appointment", f"Appointment/{meeting_id}")
        for one in about:
            if one.resource.get("subject", {}).get("reference") == patient:
                raise Conflict(say(self.lang, "rcp-twice", what=patient[:80]))


class _Holding:
    """One discussion inside the write."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a discussion is about
        self,
        flow: Meetings,
        tx: Transaction,
        programme: Programme,
        told: Discussion,
        meeting_id: str,
        episode: Resource,
        plan: Resource,
    ) -> None:
        self._flow = flow
        self._tx = tx
        self._programme = programme
        self._told = told
        self._plan = plan
        manager = episode.get("careManager", {}).get("reference", "")
        self._held = rcp.Held(
            patient=told.patient,
            episode=f"EpisodeOfCare/{episode['id']}",
            meeting=f"Appointment/{meeting_id}",
            present=told.present,
            author=told.author or manager or told.present[0],
            organization=told.organization
            or episode.get("managingOrganization", {}).get("reference", ""),
            question=told.question,
            elements=told.elements,
            decision=told.decision,
            # What is printed are the hours of those who were there.
            at=(told.at or flow.now).astimezone(PARIS),
        )

    def resources(self) -> list[Resource]:
        """Return everything that the discussion makes, in the order in which it is written."""
        flow, programme, held = self._flow, self._programme, self._held
        encounter = rcp.discussion(programme, held, flow.new_id())
        people = [named(self._read(one)) for one in held.present]
        composition = rcp.decision(programme, held, encounter, flow.new_id(), people)
        documents = self._documents(composition, encounter)
        tasks = [self._task(one) for one in self._told.todos]
        source = f"Composition/{composition['id']}"
        plan = rcp.updated_plan(self._plan, held, source, [f"Task/{one['id']}" for one in tasks])
        return [
            encounter,
            composition,
            *documents,
            *tasks,
            plan,
            self._provenance(source),
            *self._forwarded(documents[-1]),
        ]

    def _read(self, reference: str) -> Resource:
        return (found_here(self._tx, reference) if reference else None) or {}

    def _provenance(self, source: str) -> Resource:
        stored = self._tx.read("CarePlan", self._plan["id"])
        version = 1 if stored is None else stored.version + 1
        return rcp.provenance(
            self._programme,
            self._held,
            self._flow.new_id(),
            target=f"CarePlan/{self._plan['id']}/_history/{version}",
            source=source,
            recorded=self._flow.now.isoformat(),
        )

    def _task(self, todo: Todo) -> Resource:
        held = self._held
        period = {"start": held.at.date().isoformat(), "end": todo.due} if todo.due else None
        return labelled(
            self._programme,
            {
                "resourceType": "Task",
                "id": self._flow.new_id(),
                "basedOn": [{"reference": f"CarePlan/{self._plan['id']}"}],
                "status": "requested",
                "intent": "order",
                "description": todo.title,
                "for": {"reference": held.patient},
                "authoredOn": held.at.isoformat(),
                "requester": {"reference": held.author},
                "owner": {"reference": todo.owner or held.author},
                "restriction": {"period": period} if period else None,
            },
        )

    def _documents(self, composition: Resource, encounter: Resource) -> list[Resource]:
        flow, held = self._flow, self._held
        plan = f"CarePlan/{self._plan['id']}"
        making = DecisionDocuments(
            self._programme, held, plan, flow.new_id, flow.now, flow.fhir_url
        )
        parties = Parties(
            patient=self._read(held.patient),
            author=self._read(held.author),
            custodian=self._read(held.organization),
            treating=self._read(self._treating()),
        )
        return making.of(composition, encounter, parties)

    def _treating(self) -> str:
        doctors = self._read(self._held.patient).get("generalPractitioner", ())
        return next((str(one.get("reference", "")) for one in doctors), "")

    def _forwarded(self, document: Resource) -> list[Resource]:
        """Return the Communication to the treating physician, none when nobody is known."""
        flow, treating = self._flow, self._treating()
        if not treating:
            return []
        consents = [
            one.resource
            for one in self._tx.find_referring("Consent", "patient", self._held.patient)
        ]
        today = flow.now.astimezone(PARIS).date()
        agreed = may_forward(self._programme, consents, treating, today)
        return [
            rcp.forwarded(
                self._programme,
                self._held,
                flow.new_id(),
                document=f"DocumentReference/{document['id']}",
                recipients=[treating],
                obstacle="" if agreed else say(flow.lang, "not-agreed"),
            )
        ]


def _meeting(stored: Any, meeting_id: str) -> Resource:  # noqa: ANN401 - Stored or None
    if stored is None:
        message = f"Appointment/{meeting_id} is not here."
        raise NotFound(message)
    if stored.deleted:
        message = f"Appointment/{meeting_id} was deleted."
        raise Gone(message)
    found: Resource = stored.resource
    return found
