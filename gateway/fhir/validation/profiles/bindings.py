"""Bindings of profiles, by strength (https://hl7.org/fhir/R4/terminologies.html#strength)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.fhirpath.nodes import Node
    from gateway.fhir.validation.profiles.tree import Element
    from gateway.fhir.validation.profiles.trial import Check, Trial
    from gateway.fhir.validation.resource import Path

_MAX_SET: Final = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_SEVERITY: Final = {"required": "error", "extensible": "warning", "preferred": "information"}
_HL7: Final = "http://hl7.org/fhir/ValueSet/"


def binding_checks(element: Element, base_set: str | None) -> Iterator[Check]:
    """Give the checks of a binding; `base_set` is the one that the base validation checks."""
    binding = element.definition.get("binding", {})
    severity = _SEVERITY.get(binding.get("strength", ""))
    url = str(binding.get("valueSet", ""))
    if severity and url and not _is_base(url, severity, base_set):
        yield _bound(url, severity)
    for one in binding.get("extension", ()):
        if one.get("url") == _MAX_SET:
            yield _bound(str(one.get("valueCanonical") or one.get("valueUri") or ""), "error")


def _is_base(url: str, severity: str, base_set: str | None) -> bool:
    plain = url.partition("|")[0]
    return severity == "error" and base_set is not None and plain.removeprefix(_HL7) == base_set


def _bound(url: str, severity: str) -> Check:
    def check(node: Node, path: Path, trial: Trial) -> None:
        if not _has_code(node.value):
            if severity == "error" and _needs_code(node.value):
                trial.told(path, f"needs a code of {url}", "code-invalid")
            return
        ask = trial.services.member_of
        found = ask(node.value, url) if ask else None
        if found is None and severity != "information":
            trial.told(path, f"was not checked: {url} is not here", "not-found", "warning")
        elif found is False:
            trial.told(path, f"has no code of {url}", "code-invalid", severity)

    return check


def _has_code(value: Any) -> bool:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return True
    return isinstance(value, dict) and bool(value.get("coding") or value.get("code"))


def _needs_code(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether nothing stands for the code: an extension may say why there is none."""
    return isinstance(value, dict) and "extension" not in value
