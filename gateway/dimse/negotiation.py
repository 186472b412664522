"""What is answered to an association request: a pure decision (PS3.8 section 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
    Role,
    UserInformation,
)

if TYPE_CHECKING:
    from collections.abc import Collection

_VERSION_BIT: Final = 1
# Best first: with value representations written, in the byte order that everyone reads.
_PLAIN: Final = (EXPLICIT_LITTLE, IMPLICIT_LITTLE)
_UNCOMPRESSED: Final = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED)


def refuse(request: AssociateRequest, *, called: str, permitted: bool) -> Rejection | None:
    """Return why an association is rejected, None when it is not.

    `called` is the title that must be called, empty for any; `permitted` says whether the caller
    may associate.
    """
    if not request.protocol_version & _VERSION_BIT:
        return PROTOCOL_VERSION
    if request.application_context != APPLICATION_CONTEXT:
        return NO_APPLICATION_CONTEXT
    if called and request.called != called:
        return CALLED_NOT_RECOGNIZED
    return None if permitted else CALLING_NOT_RECOGNIZED


def negotiate(
    request: AssociateRequest, services: Collection[str] = ()
) -> tuple[AnsweredContext, ...]:
    """Answer each presentation context: every storage class in every transfer syntax is taken.

    `services` are the SOP classes of what else is served, in plain transfer syntaxes.
    """
    return tuple(_answer(context, services) for context in request.contexts)


def agree(request: AssociateRequest, services: Collection[str] = ()) -> UserInformation:
    """Return the roles and the extended negotiation that are agreed to.

    Who retrieves by C-GET is SCP of storage (PS3.4 C.5.3). Dates are combined with times where that
    is asked for; queries are relational in any case (PS3.4 C.5.1.1).
    """
    asked = request.user
    roles = {
        uid: Role(scu=role.scu, scp=role.scp and uid not in services)
        for uid, role in asked.roles.items()
        if uid in services or is_storage(uid)
    }
    extended = {uid: bytes(value[:2]) for uid, value in asked.extended.items() if uid in services}
    return UserInformation(0, roles, extended)


def _answer(context: ProposedContext, services: Collection[str]) -> AnsweredContext:
    if context.abstract_syntax in services:
        plain = next((uid for uid in _PLAIN if uid in context.transfer_syntaxes), None)
        if plain is not None:
            return AnsweredContext(context.context_id, ContextResult.ACCEPTED, plain)
        return AnsweredContext(context.context_id, ContextResult.TRANSFER_SYNTAX, IMPLICIT_LITTLE)
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
