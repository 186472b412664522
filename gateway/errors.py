"""The one error tree: every refusal carries its words in each protocol the gateway speaks.

    GatewayError
    ├── Malformed             cannot be read at all
    │   └── Truncated         ended before its end: may be sent again whole
    ├── Invalid               read, but against the rules (several issues at once)
    │   ├── RequiredMissing   a required element is absent
    │   └── Ineligible        against a rule of a care programme
    ├── Unsupported           a type, event or feature that is not served here
    ├── UnknownReference      points to something that does not exist
    ├── Conflict              contradicts what is already held
    │   └── PreconditionFailed
    ├── NotFound, Gone, MethodNotAllowed, NotAcceptable, UnsupportedMedia
    ├── TooLarge
    ├── Unauthorized, Forbidden
    └── Unavailable           not now: may be sent again as it is
        └── OutOfSpace

Doors translate these attributes; nobody else knows HTTP, acknowledgement codes or DIMSE statuses.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import ClassVar, Final

# DIMSE statuses, PS3.4 Table B.2-1.
_OUT_OF_RESOURCES: Final = 0xA700
_DOES_NOT_MATCH: Final = 0xA900
_CANNOT_UNDERSTAND: Final = 0xC000


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong, as an OperationOutcome issue or an ERR segment will say it.

    `text` is a sentence without patient data; `expression` is a FHIRPath; `location` an ERL such
    as `PID^1^3`; `code` is from http://hl7.org/fhir/issue-type; `err_code` is that of ERR-3 when it
    is another than the refusal's own.
    """

    text: str
    expression: str | None = None
    location: str | None = None
    code: str | None = None
    severity: str = "error"
    err_code: str | None = None


class GatewayError(Exception):
    """A refusal, with its issue code, HTTP status, ACK and ERR codes and DIMSE status."""

    issue_code: ClassVar[str] = "exception"
    http_status: ClassVar[int] = 500
    ack_code: ClassVar[str] = "AE"
    # Table HL70357.
    err_code: ClassVar[str] = "207"
    dimse_status: ClassVar[int] = _CANNOT_UNDERSTAND

    def __init__(
        self,
        text: str,
        *,
        expression: str | None = None,
        location: str | None = None,
        issues: tuple[Issue, ...] = (),
    ) -> None:
        """Keep the sentence, and the list of issues when there are several."""
        super().__init__(text)
        self.text = text
        self.issues = issues or (Issue(text, expression, location),)


class Malformed(GatewayError):
    """What came in cannot be read as what it claims to be."""

    issue_code = "structure"
    http_status = 400
    err_code = "100"


class Truncated(Malformed):
    """What came in ended before its end, or never began; the whole of it may be sent again."""

    ack_code = "AR"


class Invalid(GatewayError):
    """What came in was read, and breaks a rule of its standard."""

    issue_code = "invalid"
    http_status = 422
    err_code = "102"
    dimse_status = _DOES_NOT_MATCH


class RequiredMissing(Invalid):
    """A required element is absent."""

    issue_code = "required"
    err_code = "101"


class Ineligible(Invalid):
    """Against a rule of a care programme: each issue is a sentence for the person who asked."""

    issue_code = "business-rule"


class Unsupported(GatewayError):
    """A type, event, parameter or feature that is not served here."""

    issue_code = "not-supported"
    http_status = 400
    err_code = "200"
    dimse_status = 0x0122


class UnknownReference(GatewayError):
    """A reference to something that does not exist."""

    issue_code = "not-found"
    http_status = 422
    err_code = "204"


class Conflict(GatewayError):
    """Contradicts what is already held."""

    issue_code = "conflict"
    http_status = 409
    err_code = "205"


class PreconditionFailed(Conflict):
    """The caller's condition (`If-Match`, a conditional search) does not hold."""

    http_status = 412


class NotFound(GatewayError):
    """Nothing of that type and id."""

    issue_code = "not-found"
    http_status = 404
    err_code = "204"


class Gone(GatewayError):
    """It was here and has been deleted."""

    issue_code = "deleted"
    http_status = 410
    err_code = "204"


class MethodNotAllowed(GatewayError):
    """The interaction is not offered on that address."""

    issue_code = "not-supported"
    http_status = 405


class NotAcceptable(GatewayError):
    """No representation that the caller accepts."""

    issue_code = "not-supported"
    http_status = 406


class UnsupportedMedia(GatewayError):
    """The body is in a format that is not read here."""

    issue_code = "not-supported"
    http_status = 415


class TooLarge(GatewayError):
    """Over the size limit."""

    issue_code = "too-long"
    http_status = 413
    err_code = "207"
    dimse_status = _OUT_OF_RESOURCES


class Unauthorized(GatewayError):
    """Who is calling is not known."""

    issue_code = "login"
    http_status = 401
    dimse_status = 0x0124


class Forbidden(GatewayError):
    """Who is calling is known, and may not."""

    issue_code = "forbidden"
    http_status = 403
    dimse_status = 0x0124


class Unavailable(GatewayError):
    """The store cannot commit now; the same thing may be sent again as it is."""

    issue_code = "transient"
    http_status = 503
    ack_code = "AR"
    dimse_status = _OUT_OF_RESOURCES


class OutOfSpace(Unavailable):
    """The disk is full."""

    issue_code = "no-store"


def places_of(fault: BaseException) -> list[str]:
    """Return where a fault happened, for the log: its own words may quote what was sent."""
    frames = traceback.extract_tb(fault.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
