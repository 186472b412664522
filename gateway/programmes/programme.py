"""A programme as its PlanDefinition says it, with the definitions that it is made of.

https://hl7.org/fhir/R4/plandefinition.html. Actions that name another PlanDefinition take that
one's actions: programmes share parts so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.programmes.names import ACTIVITY, CONFIDENTIALITY, LOST_AFTER, PROGRAMME, STEP, YEAR
from gateway.programmes.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.fhir.wire import Resource

    Resolve = Callable[[str], Resource | None]

Element = dict[str, Any]

_MINUTES: Final = {"min": 1, "h": 60, "d": 1440}
_DAYS: Final = {"d": 1, "wk": 7, "mo": 30, "a": 365}
_DEFAULT_MINUTES: Final = 30
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a plan, its shared parts in place.

    `activity` is the code of what is done; `definition` the ActivityDefinition or Questionnaire,
    empty for a group; `due_days` counts from the inclusion; `after` are the ids of the actions
    that must have ended; `per_year` is how often a year, an average; `minutes` how long it lasts,
    of a sequence how long all of it may.
    """

    id: str
    title: str
    activity: Element
    steps: frozenset[str]
    definition: Resource = field(default_factory=dict)
    roles: tuple[Element, ...] = ()
    minutes: int = _DEFAULT_MINUTES
    due_days: int | None = None
    after: tuple[str, ...] = ()
    per_year: float | None = None
    optional: bool = False
    note: str = ""
    conditions: tuple[Element, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of request that the activity is."""
        return str(self.definition.get("kind", "Task"))

    @property
    def code(self) -> str:
        """The code of the activity, empty for none."""
        return str(self.activity.get("code", ""))

    def has(self, step: str) -> bool:
        """Whether the action is that step to the engine."""
        return step in self.steps


@dataclass(frozen=True, slots=True)
class Programme:
    """A PlanDefinition that has been read.

    `start` and `end` are FHIR dates, empty when the plan does not say; `year` is `calendar` or
    `rolling`; `labels` are Codings that its resources carry; `lost_days` is None when nobody is
    ever lost.
    """

    plan: Resource
    code: Element
    title: str
    start: str
    end: str
    year: str
    labels: tuple[Element, ...]
    lost_days: int | None
    actions: tuple[Action, ...]
    questionnaires: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """The canonical URL with its version."""
        url, version = self.plan.get("url", ""), self.plan.get("version", "")
        return f"{url}|{version}" if version else str(url)

    @property
    def inclusion(self) -> Action | None:
        """The action that says who is included, and how often."""
        return next((one for one in self.every_action() if one.has("inclusion")), None)

    @property
    def once_a_year(self) -> bool:
        """Whether a patient is included once a year at most."""
        found = self.inclusion
        return found is not None and found.per_year == 1

    def every_action(self) -> Iterator[Action]:
        """Yield every action, a group before what it holds."""
        waiting = list(self.actions)
        while waiting:
            one = waiting.pop(0)
            yield one
            waiting = [*one.actions, *waiting]

    def action(self, action_id: str) -> Action | None:
        """Return the action of that id."""
        return next((one for one in self.every_action() if one.id == action_id), None)

    def with_step(self, step: str) -> list[Action]:
        """Return the actions that are that step."""
        return [one for one in self.every_action() if one.has(step)]


def read_programme(plan: Resource, resolve: Resolve, lang: str = "fr") -> Programme:
    """Read `plan`; `resolve` returns what a canonical names, or None.

    Raises `Invalid` naming the definition that is not there any more, or that holds itself.
    """
    return Programme(
        plan=plan,
        code=program_of(plan),
        title=str(plan.get("title") or plan.get("name") or plan.get("id", "")),
        start=str(plan.get("effectivePeriod", {}).get("start", "")),
        end=str(plan.get("effectivePeriod", {}).get("end", "")),
        year=str(next(_values(plan, YEAR, "valueCode"), "calendar")),
        labels=tuple(_values(plan, CONFIDENTIALITY, "valueCoding")),
        lost_days=next((_days(one) for one in _values(plan, LOST_AFTER, "valueDuration")), None),
        actions=_Reader(resolve, lang).actions(plan, (str(plan.get("url", "")),)),
        questionnaires=tuple(
            artifact["resource"].partition("|")[0]
            for artifact in plan.get("relatedArtifact", ())
            if artifact.get("type") == "depends-on" and "/Questionnaire/" in _target(artifact)
        ),
    )


def program_of(definition: Resource) -> Element:
    """Return the Coding of the programme that a definition is for, empty for none.

    https://hl7.org/fhir/R4/codesystem-usage-context-type.html, `program`
    """
    for context in definition.get("useContext", ()):
        if context.get("code", {}).get("code") != "program":
            continue
        for coding in context.get("valueCodeableConcept", {}).get("coding", ()):
            if coding.get("system") == PROGRAMME:
                return dict(coding)
    return {}


class _Reader:
    """Reads actions, and follows what they name."""

    def __init__(self, resolve: Resolve, lang: str) -> None:
        self._resolve = resolve
        self._lang = lang

    def actions(self, plan: Resource, path: tuple[str, ...]) -> tuple[Action, ...]:
        found: list[Action] = []
        for element in plan.get("action", ()):
            found += self._expanded(element, path)
        return tuple(found)

    def _expanded(self, element: Element, path: tuple[str, ...]) -> tuple[Action, ...]:
        """Return the action, or the actions of the plan that it names."""
        canonical = str(element.get("definitionCanonical", "")).partition("|")[0]
        if "/PlanDefinition/" not in canonical:
            return (self._action(element, canonical, path),)
        if canonical in path or len(path) > _DEEPEST:
            raise Invalid(say(self._lang, "plan-ring", what=canonical))
        return self.actions(self._needed(canonical), (*path, canonical))

    def _needed(self, canonical: str) -> Resource:
        found = self._resolve(canonical)
        if found is None or found.get("status") == "retired":
            raise Invalid(say(self._lang, "activity-gone", what=canonical))
        return found

    def _action(self, element: Element, canonical: str, path: tuple[str, ...]) -> Action:
        definition = self._needed(canonical) if canonical else {}
        timing = element.get("timingTiming", {}).get("repeat", {})
        duration = element.get("timingDuration") or definition.get("timingDuration")
        return Action(
            id=str(element.get("id", "")),
            title=str(element.get("title") or definition.get("title", "")),
            activity=_activity(element, definition),
            steps=frozenset(_codes(element, STEP)),
            definition=definition,
            roles=_roles(element) or _roles(definition),
            minutes=_minutes(duration) if duration else _DEFAULT_MINUTES,
            due_days=_due(element),
            after=_after(element),
            per_year=_per_year(timing),
            optional=element.get("requiredBehavior") == "could",
            note=str(element.get("textEquivalent", "")),
            conditions=tuple(
                one["expression"] for one in element.get("condition", ()) if "expression" in one
            ),
            actions=tuple(
                inner for part in element.get("action", ()) for inner in self._expanded(part, path)
            ),
        )


def _target(artifact: Element) -> str:
    return str(artifact.get("resource", ""))


def _values(resource: Resource, url: str, name: str) -> Iterator[Any]:
    return (
        extension[name]
        for extension in resource.get("extension", ())
        if extension.get("url") == url and name in extension
    )


def _codes(element: Element, system: str) -> Iterator[str]:
    for concept in element.get("code", ()):
        for coding in concept.get("coding", ()):
            if coding.get("system") == system:
                yield str(coding.get("code", ""))


def _activity(element: Element, definition: Resource) -> Element:
    """Return the Coding of what is done."""
    concepts = [*element.get("code", ()), definition.get("code", {})]
    codings = [coding for concept in concepts for coding in concept.get("coding", ())]
    return next((dict(one) for one in codings if one.get("system") == ACTIVITY), {})


def _roles(element: Element) -> tuple[Element, ...]:
    return tuple(one["role"] for one in element.get("participant", ()) if "role" in one)


def _minutes(duration: Element) -> int:
    return round(float(duration["value"]) * _MINUTES.get(duration.get("code", "min"), 1))


def _days(duration: Element) -> int:
    return round(float(duration["value"]) * _DAYS.get(duration.get("code", "d"), 1))


def _due(element: Element) -> int | None:
    offsets = (one.get("offsetDuration") for one in element.get("relatedAction", ()))
    return next((_days(one) for one in offsets if one), None)


def _after(element: Element) -> tuple[str, ...]:
    return tuple(
        one["actionId"]
        for one in element.get("relatedAction", ())
        if one.get("relationship") in ("after", "after-end") and "offsetDuration" not in one
    )


def _per_year(repeat: Element) -> float | None:
    """Return how often a year (https://hl7.org/fhir/R4/datatypes.html#Timing)."""
    if "frequency" not in repeat:
        return None
    days = float(repeat.get("period", 1)) * _DAYS.get(repeat.get("periodUnit", "a"), 1)
    return round(float(repeat["frequency"]) * _DAYS["a"] / days, 2)
