"""Whether a resource may be stored, as far as the resource alone tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gateway.errors import Invalid, Issue
from gateway.fhir.validation import validate

if TYPE_CHECKING:
    from gateway.errors import GatewayError


class Profiles(Protocol):
    """Validates a resource; the faults are complete, warnings included."""

    def __call__(self, resource: Any, /, *, expected_type: str | None = None) -> tuple[Issue, ...]:  # noqa: ANN401 - any JSON
        """Return what is wrong."""


class Judge:
    """Validates as the settings say: `profiles`, `base` or `off`.

    What a profile only warns of, and a declared profile that is not installed, refuse nothing.
    """

    def __init__(self, validation: str, profiles: Profiles | None = None) -> None:
        """Judge at that depth; `profiles` validates against profiles, where they are."""
        self._validation = validation
        self._validate: Profiles = profiles if profiles and validation == "profiles" else validate

    def judge(self, resource: Any, expected_type: str) -> None:  # noqa: ANN401 - any JSON
        """Raise `Invalid` with every fault."""
        issues = self.faults(resource, expected_type)
        if issues:
            raise Invalid(issues[0].text, issues=tuple(issues))

    def faults(self, resource: Any, expected_type: str, *, at: str = "") -> list[Issue]:  # noqa: ANN401 - any JSON
        """Return every fault; `at` is where the resource stands in a bundle."""
        if self._validation == "off":
            return _unreadable(resource, at)
        found = [
            issue
            for issue in self._validate(resource, expected_type=expected_type)
            if issue.severity == "error"
        ]
        return [_placed(issue, at) for issue in found] if at else found


def _unreadable(resource: Any, at: str) -> list[Issue]:  # noqa: ANN401 - any JSON
    """Return what could not even be stored."""
    if isinstance(resource.get("meta", {}), dict):
        return []
    where = f"{at}.resource.meta" if at else "meta"
    return [Issue(f"{where} must be an object.", expression=where, code="structure")]


def _placed(issue: Issue, at: str) -> Issue:
    # "Patient.name[0] must ..." is "Bundle.entry[3].resource.name[0] must ..." in a bundle.
    where = issue.expression or ""
    inner = where.partition(".")[2]
    place = f"{at}.resource.{inner}" if inner else f"{at}.resource"
    text = place + issue.text.removeprefix(where) if where else f"{at}: {issue.text}"
    return Issue(text, expression=place, code=issue.code, severity=issue.severity)


def placed(fault: GatewayError, at: str) -> GatewayError:
    """Return the fault as one of an entry, which stands at `at`."""
    issues = tuple(
        issue
        if (issue.expression or "").startswith(at)
        else Issue(f"{at}: {issue.text}", expression=at, code=issue.code)
        for issue in fault.issues
    )
    return type(fault)(issues[0].text, issues=issues)
