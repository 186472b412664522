"""What is answered to an association request: a pure decision (PS3.8 section 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.dicom.sop_classes import VERIFICATION, is_storage
from gateway.dicom.transfer_syntaxes import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
)
from gateway.dimse.pdu import (
    APPLICATION_CONTEXT,
    CALLED_NOT_RECOGNIZED,
    CALLING_NOT_RECOGNIZED,
    NO_APPLICATION_CONTEXT,
    PROTOCOL_VERSION,
    AnsweredContext,
    AssociateRequest,
    ContextResult,
    ProposedContext,
    Rejection,
)

_VERSION_BIT: Final = 1
# Best first: with value representations written, in the byte order that everyone reads.
_UNCOMPRESSED: Final = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED)


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may associate: no `calling` title means anyone, `called` empty means any name for us."""

    calling: frozenset[str] = frozenset()
    called: str = ""


def refuse(request: AssociateRequest, policy: Policy) -> Rejection | None:
    """Return why an association is rejected, None when it is not."""
    if not request.protocol_version & _VERSION_BIT:
        return PROTOCOL_VERSION
    if request.application_context != APPLICATION_CONTEXT:
        return NO_APPLICATION_CONTEXT
    if policy.called and request.called != policy.called:
        return CALLED_NOT_RECOGNIZED
    if policy.calling and request.calling not in policy.calling:
        return CALLING_NOT_RECOGNIZED
    return None


def negotiate(request: AssociateRequest) -> tuple[AnsweredContext, ...]:
    """Answer each presentation context: every storage class in every transfer syntax is taken."""
    return tuple(_answer(context) for context in request.contexts)


def _answer(context: ProposedContext) -> AnsweredContext:
    if not context.transfer_syntaxes:
        return AnsweredContext(context.context_id, ContextResult.TRANSFER_SYNTAX, IMPLICIT_LITTLE)
    served = context.abstract_syntax == VERIFICATION or (
        context.abstract_syntax and is_storage(context.abstract_syntax)
    )
    if not served:
        return AnsweredContext(
            context.context_id, ContextResult.ABSTRACT_SYNTAX, context.transfer_syntaxes[0]
        )
    return AnsweredContext(
        context.context_id, ContextResult.ACCEPTED, _choose(context.transfer_syntaxes)
    )


def _choose(offered: tuple[str, ...]) -> str:
    """Return the sender's first choice; where that is some uncompressed form, the plainest one."""
    if offered[0] not in _UNCOMPRESSED:
        return offered[0]
    return next((uid for uid in _UNCOMPRESSED if uid in offered), offered[0])
