"""What a mapping gives back: resources that do not know yet whether they exist."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gateway.errors import Issue
    from gateway.fhir.wire import Resource


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
