"""The code of an error in the words of the guide that its message follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Forbidden, UnknownReference
from gateway.mapping.hl7v2.context import DOCUMENT_GUIDES, guide_of

if TYPE_CHECKING:
    from gateway.errors import GatewayError, Issue
    from gateway.hl7v2.message import Message

# CI-SIS, "Transmission d'un document CDA-R2 en HL7 v2" 2.1: author not permitted, patient unknown.
_CI_SIS: Final = ((Forbidden, "901"), (UnknownReference, "902"))
# Of table HL70357: version unknown, any other error.
_CI_SIS_OF: Final = {"203": "900", "207": "906"}


def err_code(message: Message | None, refusal: GatewayError, issue: Issue) -> str:
    """Return the code for ERR: the issue's own, that of the French document guides, or of HL7."""
    code = issue.err_code or refusal.err_code
    if message is None or guide_of(message) not in DOCUMENT_GUIDES:
        return code
    kinds = () if issue.err_code else _CI_SIS
    named = next((french for kind, french in kinds if isinstance(refusal, kind)), None)
    return named or _CI_SIS_OF.get(code, code)
