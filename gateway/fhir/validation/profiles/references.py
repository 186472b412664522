"""What a reference may point to (https://hl7.org/fhir/R4/references.html)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.fhir.definitions import resource_types
from gateway.fhir.fhirpath import compile_expression
from gateway.fhir.fhirpath.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.validation.profiles.trial import Check, Trial
    from gateway.fhir.validation.resource import Path

_TYPED: Final = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/\S+)?$")
_RESOLVE: Final = compile_expression("resolve()")


def target_check(profiles: list[str], type_of: Callable[[str], str]) -> Check | None:
    """Return the check of target profiles; `type_of` gives the resource type of a profile."""
    kinds = {type_of(one) for one in profiles}
    if not profiles or kinds & {"", "Resource"}:
        return None

    def check(node: Node, path: Path, trial: Trial) -> None:
        target = resolved(node, trial)
        kind = target.type if target else _named(node)
        if kind and kind not in kinds:
            trial.told(path, f"cannot point to a {kind}: only to {_listed(profiles)}", "value")
        elif target is not None:
            _conforming(profiles, target, path, trial)

    return check


def resolved(node: Node, trial: Trial) -> Node | None:
    """Return what a reference points to, as far as it is contained, bundled or to be had."""
    found = _RESOLVE.items_of(node, trial.shared)
    return found[0] if found and isinstance(found[0], Node) else None


def target_type(node: Node, trial: Trial) -> str:
    """Return the type of what a reference points to, "" when nobody knows."""
    target = resolved(node, trial)
    return target.type if target else _named(node)


def _conforming(profiles: list[str], target: Node, path: Path, trial: Trial) -> None:
    verdicts = [trial.conforms(target, one, trial) for one in profiles]
    if verdicts and all(one is False for one in verdicts):
        trial.told(path, f"points to what is no {_listed(profiles)}", "value")


def _named(node: Node) -> str:
    value = node.value if isinstance(node.value, dict) else {}
    match = _TYPED.search(str(value.get("reference", "")))
    name = match[1] if match else str(value.get("type", ""))
    return name if name in resource_types() else ""


def _listed(profiles: list[str]) -> str:
    return " or ".join(one.partition("|")[0].rpartition("/")[2] for one in profiles)
