"""One validation under way: what was found, and whom to ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.errors import Issue
from gateway.fhir.fhirpath.environment import Shared
from gateway.fhir.fhirpath.nodes import Node
from gateway.fhir.validation.resource import MAX_ISSUES, Path, expression

if TYPE_CHECKING:
    from gateway.fhir.fhirpath import Services

#: One compiled rule: an element and where it stands; what is wrong is told to the trial.
Check = Callable[[Node, Path, "Trial"], None]
#: Whether an element conforms to a profile; None when the profile is not here.
Conforms = Callable[[Node, str, "Trial"], bool | None]


class Trial:
    """Gathers issues about one resource; `resource` is what %resource names."""

    __slots__ = (
        *("conforms", "depth", "issues", "profile", "resource", "root", "services"),
        "_shared",
    )

    def __init__(
        self,
        root: Node,
        services: Services,
        conforms: Conforms,
        profile: str,
        resource: Node | None = None,
    ) -> None:
        """Begin; `profile` is named in every sentence, `resource` is the root unless given."""
        self.root = root
        self.resource = resource or root
        self.services = services
        self.conforms = conforms
        self.profile = profile
        # How many profiles of parts this one stands in.
        self.depth = 0
        self.issues: list[Issue] = []
        self._shared: Shared | None = None

    def apart(self) -> Trial:
        """Return a trial of the same resource whose issues are its own."""
        made = Trial(self.root, self.services, self.conforms, self.profile, self.resource)
        made.depth = self.depth
        return made

    def told(self, path: Path, sentence: str, code: str, severity: str = "error") -> None:
        """Note an issue, each once, up to a bound."""
        where = expression(path)
        text = f"{where} {sentence} ({self.profile})."
        found = Issue(text, where, code=code, severity=severity)
        if len(self.issues) < MAX_ISSUES and found not in self.issues:
            self.issues.append(found)

    @property
    def shared(self) -> Shared:
        """What all FHIRPath of this trial may name and ask."""
        if self._shared is None:
            named = {"resource": [self.resource], "rootResource": [self.root]}
            self._shared = Shared(named, self.services)
        return self._shared

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return any(issue.severity == "error" for issue in self.issues)


def passes(check: Check, node: Node, trial: Trial) -> bool:
    """Whether a check finds no error."""
    apart = trial.apart()
    check(node, (None, "", -1, 0), apart)
    return not apart.failed
