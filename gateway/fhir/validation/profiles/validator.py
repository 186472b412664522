"""Resources against R4 and against profiles, compiled once and kept until a definition changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.errors import GatewayError, Issue
from gateway.fhir.definitions import resource_types
from gateway.fhir.fhirpath.environment import NO_SERVICES, Services
from gateway.fhir.fhirpath.nodes import Node
from gateway.fhir.fhirpath.types import is_a
from gateway.fhir.validation.profiles.compiler import Compiler
from gateway.fhir.validation.profiles.extensions import (
    Definition,
    any_extension,
    check_extensions,
    read_context,
)
from gateway.fhir.validation.profiles.trial import Trial
from gateway.fhir.validation.resource import Path, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gateway.fhir.validation.profiles.trial import Check
    from gateway.fhir.wire import Resource

_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
# Behind these the shape is not what the profile's rules read.
_SHAPELESS: Final = frozenset({"structure", "value", "too-long", "too-costly"})
_ROOT: Final[Path] = (None, "", -1, 0)
# Profiles that name each other end somewhere.
_MAX_DEPTH: Final = 12


class Library(Protocol):
    """Where definitions come from."""

    def generation(self) -> int:
        """Return another number as soon as a definition may have changed."""

    def structure(self, canonical: str) -> Resource | None:
        """Return a StructureDefinition by `url` or `url|version`, the newest without version."""


@dataclass(frozen=True, slots=True)
class _Profile:
    """A compiled profile; `fault` says why it cannot be used."""

    name: str
    type: str
    check: Check | None
    fault: str = ""
    structure: Resource = field(default_factory=dict)


class ProfileValidator:
    """Validates resources against R4, what they declare, and what is asked for.

    Safe to share between threads: what two compile at once is compiled twice, and the same.
    """

    def __init__(
        self,
        library: Library,
        services: Services = NO_SERVICES,
        renewed: Callable[[], None] = lambda: None,
    ) -> None:
        """Find profiles in `library`; terminology and references are asked of `services`.

        `renewed` is told when definitions have changed.
        """
        self._renewed = renewed
        self._library = library
        self._services = services
        self._generation = -1
        self._profiles: dict[str, _Profile | None] = {}
        self._extensions: dict[str, Definition | None] = {}

    def __call__(
        self,
        resource: Any,  # noqa: ANN401 - any JSON
        profiles: Sequence[str] = (),
        *,
        expected_type: str | None = None,
    ) -> tuple[Issue, ...]:
        """Return the faults against R4, the declared profiles and `profiles`.

        A profile of `profiles` that is not here is an error, a declared one a warning. With
        `expected_type`, another type is a fault.
        """
        issues = validate(resource, expected_type=expected_type)
        if any(issue.code in _SHAPELESS for issue in issues) or not isinstance(resource, dict):
            return issues
        root = Node(resource, str(resource.get("resourceType")))
        parts = list(_resources(root))
        declared = any(_declared(node.value) for node, _ in parts)
        # Most of what is written says nothing beyond R4: nothing is asked of the library.
        if not (profiles or declared or any_extension(resource)):
            return issues
        self._renew()
        found = list(issues)
        for node, path in parts:
            asked = profiles if node is root else ()
            found += self._judged(node, path, root, asked)
        return tuple(found)

    def _renew(self) -> None:
        now = self._library.generation()
        if now != self._generation:
            self._profiles, self._extensions = {}, {}
            self._renewed()
            self._generation = now

    def _judged(self, node: Node, path: Path, root: Node, asked: Sequence[str]) -> Iterator[Issue]:
        seen: set[str] = set()
        for canonical in (*asked, *_declared(node.value)):
            if canonical not in seen:
                seen.add(canonical)
                yield from self._against(canonical, node, path, root, asked=canonical in asked)
        trial = Trial(root, self._services, self._conforms, "R4", node)
        check_extensions(node, path, trial, self._extension)
        yield from trial.issues

    def _against(
        self, canonical: str, node: Node, path: Path, root: Node, *, asked: bool
    ) -> tuple[Issue, ...]:
        profile = self._profile(canonical)
        if profile is None or profile.fault:
            why = profile.fault if profile else "it is not installed here"
            text = f"Nothing was validated against {canonical[:200]}: {why}."
            return (Issue(text, code="not-found", severity="error" if asked else "warning"),)
        if not _is_of(node, profile.type):
            text = f"The profile {canonical[:200]} is not one for this type of resource."
            return (Issue(text, code="invalid"),)
        if profile.check is None:
            return ()
        trial = Trial(root, self._services, self._conforms, profile.name, node)
        profile.check(node, path, trial)
        return tuple(trial.issues)

    def _conforms(self, node: Node, canonical: str, trial: Trial) -> bool | None:
        """Return whether an element conforms to a profile, None when it is not here."""
        profile = self._profile(canonical)
        if profile is None or profile.fault:
            return None
        if not _is_of(node, profile.type):
            return False
        if profile.check is None or trial.depth > _MAX_DEPTH:
            return True
        resource = node if node.type in resource_types() else trial.resource
        apart = Trial(trial.root, trial.services, trial.conforms, profile.name, resource)
        apart.depth = trial.depth + 1
        profile.check(node, _ROOT, apart)
        return not apart.failed

    def _profile(self, canonical: str) -> _Profile | None:
        if canonical not in self._profiles:
            self._profiles[canonical] = self._compiled(canonical)
        return self._profiles[canonical]

    def _compiled(self, canonical: str) -> _Profile | None:
        structure = self._library.structure(canonical)
        if structure is None:
            return _core(canonical)
        name = canonical.partition("|")[0].rpartition("/")[2]
        kind = str(structure.get("type", ""))
        try:
            check = Compiler(structure, self._library.structure).check()
        except GatewayError as fault:
            return _Profile(name, kind, None, fault.text)
        return _Profile(name, kind, check, structure=structure)

    def _extension(self, url: str) -> Definition | None:
        if url not in self._extensions:
            profile = self._profile(url)
            self._extensions[url] = _definition(profile) if profile and profile.check else None
        return self._extensions[url]

    def must_support(self, resource: Resource, profile: str) -> tuple[Issue, ...]:
        """Return, as information, which elements that must be supported a resource lacks."""
        self._renew()
        found = self._profile(profile)
        marked = _marked(found.structure) if found else ()
        root = resource.get("resourceType", "")
        lacking = [path for path in marked if not _has(resource, path.split(".")[1:])]
        return tuple(
            Issue(
                f"{path} must be supported, and is not there.",
                path,
                code="informational",
                severity="information",
            )
            for path in lacking
            if path.startswith(f"{root}.")
        )


def _core(canonical: str) -> _Profile | None:
    """Return a definition of R4 itself, which the base validation has checked."""
    url = canonical.partition("|")[0]
    name = url.removeprefix(_CORE) if url.startswith(_CORE) else ""
    known = name in resource_types() or name in ("Resource", "DomainResource")
    return _Profile(name, name, None) if known else None


def _is_of(node: Node, kind: str) -> bool:
    return not kind or not node.type or is_a(node, kind)


def _declared(resource: dict[str, Any]) -> list[str]:
    meta = resource.get("meta")
    listed = meta.get("profile", ()) if isinstance(meta, dict) else ()
    return [one for one in listed if isinstance(one, str)]


def _resources(root: Node) -> Iterator[tuple[Node, Path]]:
    """Give a resource, and those that it contains or holds as entries."""
    yield root, (None, root.type, -1, 0)
    value = root.value
    for at, inner in enumerate(value.get("contained", ())):
        yield Node(inner, inner["resourceType"]), ((None, root.type, -1, 0), "contained", at, 0)
    if root.type != "Bundle":
        return
    for at, entry in enumerate(value.get("entry", ())):
        inner = entry.get("resource")
        if inner is not None:
            place = (((None, "Bundle", -1, 0), "entry", at, 0), "resource", -1, 0)
            yield Node(inner, inner["resourceType"]), place


def _definition(profile: _Profile) -> Definition:
    structure = profile.structure
    contexts = tuple(
        read_context(str(one.get("type")), str(one.get("expression")))
        for one in structure.get("context", ())
    )
    first = structure["snapshot"]["element"][0]
    check = profile.check
    if check is None:  # pragma: no cover - the caller has looked
        message = "An extension needs a check."
        raise ValueError(message)
    return Definition(check, contexts, bool(first.get("isModifier")))


def _marked(structure: Resource) -> list[str]:
    listed = structure.get("snapshot", {}).get("element", [])
    paths = [one["path"] for one in listed if one.get("mustSupport") and ":" not in one["id"]]
    return list(dict.fromkeys(paths))


def _has(value: Any, steps: list[str]) -> bool:  # noqa: ANN401 - any JSON
    if not steps:
        return True
    if isinstance(value, list):
        return any(_has(one, steps) for one in value)
    if not isinstance(value, dict):
        return False
    start = steps[0].removesuffix("[x]")
    choice = steps[0] != start
    return any(
        _has(item, steps[1:])
        for name, item in value.items()
        if name.lstrip("_") == start or (choice and name.startswith(start))
    )
