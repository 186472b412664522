"""What a mapping gives back: resources that do not know yet whether they exist."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from gateway.errors import Issue
    from gateway.fhir.wire import Resource

#: The system of the gateway's own identifiers of consents, one a topic.
CONSENT_SYSTEM: Final = "urn:passerelle:consent"


class Key(NamedTuple):
    """A business identifier; `system` is never empty."""

    system: str
    value: str


class Write(StrEnum):
    """What the message may do to a resource that is already there."""

    # The message is an authority on it: its elements overlay what is held.
    ASSERT = "assert"
    # The message only names it: created when unknown, otherwise left as it is.
    MENTION = "mention"


class LinkKind(StrEnum):
    """By what an order, its images and its report find each other."""

    ACCESSION = "accession"
    PLACER = "placer"
    FILLER = "filler"
    STUDY = "study"


class Link(NamedTuple):
    """A number that order, images and report share; `system` is empty without authority."""

    kind: LinkKind
    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource out of a message.

    `resource` has no id; a reference to another entry is that entry's `full_url`
    (`urn:uuid:<stable id of its best key>`). Any of `keys` finds it in the store, best first.
    """

    resource: Resource
    full_url: str
    keys: tuple[Key, ...]
    write: Write
    # When the sender says that this was so (a FHIR instant): what is older does not overwrite.
    as_of: str = ""
    # Elements that the message deletes: `telecom`, `extension#<url>`, `participant#<type>`.
    cleared: tuple[str, ...] = ()
    # Known by its identifier among what the patient of the message has, not by its keys.
    of_patient: bool = False


class MergeKind(StrEnum):
    """What an event does to the identities that it names."""

    # Two records are one person: the retired one gives way (A40).
    MERGE = "merge"
    # The patient has another number now (A47).
    CHANGE = "change"
    # The national identifiers are taken back (A47 with a null INS, or no longer VALI).
    WITHDRAW = "withdraw"
    # Visits of one patient are another's (A44, A45).
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Merge:
    """What becomes of the identity in an MRG segment.

    `survivor` is the `full_url` of the Patient that stays, `retired` the keys of the other one,
    best first, `former` its identifiers as FHIR and `names` its names. `visits` finds the
    Encounters that move, by any of their identifiers.
    """

    kind: MergeKind
    survivor: str
    retired: tuple[Key, ...] = ()
    former: tuple[Resource, ...] = ()
    names: tuple[Resource, ...] = ()
    visits: tuple[Key, ...] = ()
    # The number that the moved visit has from now on, as FHIR, when it has another.
    visit_now: tuple[Resource, ...] = ()
    location: str = "MRG^1^1"


@dataclass(frozen=True, slots=True)
class Payload:
    """A document found in a message; attachments point to it as `urn:sha256:<hex>`."""

    content: bytes
    content_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone the message itself names to receive the report (OBR-28, PRT with role RCT).

    `full_url` is that of the Practitioner, Patient or Organization entry, when it is known who it
    is; `address` a mailbox; `kind` is `practitioner`, `patient` or `organization`.
    """

    full_url: str | None
    address: str | None
    kind: str


# Extension of DiagnosticReport: one more who receives the report, as the sender of it asks. R4 has
# no element for it.
COPY_TO: Final = "urn:passerelle:extension:copy-to"


class LocalCode(NamedTuple):
    """A code of the sender's own, for which nobody has given a standard one yet.

    `sender` is `MSH-3|MSH-4`, `field` names segment and field (`OBX-3`), `system` is the system
    that the code has as a FHIR Coding, or the sender's own when it named none.
    """

    sender: str
    field: str
    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """All that one message says; entries come before those that refer to them.

    `subject`, `order`, `report` and `study` are the `full_url` of the first entry in that part.
    """

    entries: tuple[Entry, ...] = ()
    objects: tuple[Payload, ...] = ()
    links: tuple[Link, ...] = ()
    warnings: tuple[Issue, ...] = ()
    subject: str | None = None
    order: str | None = None
    report: str | None = None
    study: str | None = None
    recipients: tuple[Recipient, ...] = ()
    unmapped_codes: tuple[LocalCode, ...] = ()
    merges: tuple[Merge, ...] = ()
