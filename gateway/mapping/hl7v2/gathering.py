"""What a message has said so far, while its segments are read one after the other."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.errors import Issue
from gateway.fhir.datatypes import stable_id, urn
from gateway.mapping.entry import (
    Entry,
    Key,
    Link,
    LinkKind,
    LocalCode,
    Mapped,
    Merge,
    Payload,
    Recipient,
    Write,
)
from gateway.mapping.hl7v2.context import guide_of, is_foreign, is_french

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource
    from gateway.hl7v2.message import Message
    from gateway.mapping.hl7v2.context import Context


class Gathering:
    """Collects entries (referenced before referencing), documents, links and warnings.

    Lives as long as one call of `map_message`; `finish` freezes it.
    """

    def __init__(self, message: Message, context: Context) -> None:
        """Begin with nothing."""
        self.message: Final = message
        self.context: Final = context
        self.guide: Final = guide_of(message)
        self.french: Final = is_french(message, self.guide, context)
        self.foreign: Final = is_foreign(message, self.guide, context)
        application, facility = message.sender.split("|", 1)
        self._sender: Final = f"{quote(application, safe='')}:{quote(facility, safe='')}"
        self._entries: dict[str, Entry] = {}
        self._objects: dict[str, Payload] = {}
        self._links: dict[Link, None] = {}
        self._issues: dict[Issue, None] = {}
        self._recipients: dict[Recipient, None] = {}
        self._codes: dict[LocalCode, None] = {}
        self._merges: list[Merge] = []
        self._first: dict[str, str] = {}

    @property
    def sender_system(self) -> str:
        """The system of what this sender numbers without naming an authority."""
        return f"urn:passerelle:sender:{self._sender}"

    @property
    def message_system(self) -> str:
        """The system of this sender's message control ids."""
        return f"urn:passerelle:message:{self._sender}"

    def add(self, resource: Resource, keys: Sequence[Key], write: Write) -> str:
        """Take a resource and return its full url; said twice, the second only completes it."""
        kind = resource["resourceType"]
        best = keys[0]
        full_url = urn(stable_id(kind, best.system or self.sender_system, best.value))
        held = self._entries.get(full_url)
        if held is not None:
            resource = {**resource, **held.resource}
            keys = tuple(dict.fromkeys((*held.keys, *keys)))
            write = Write.ASSERT if Write.ASSERT in (held.write, write) else write
        self._entries[full_url] = Entry(resource, full_url, tuple(keys), write)
        self._first.setdefault(kind, full_url)
        return full_url

    def mention(self, resource: Resource, keys: Sequence[Key]) -> str:
        """Take a resource that the message only names."""
        return self.add(resource, keys, Write.MENTION)

    def state(self, resource: Resource, keys: Sequence[Key]) -> str:
        """Take a resource on which the message is an authority."""
        return self.add(resource, keys, Write.ASSERT)

    def of_patient(self, resource: Resource, system: str, name: str) -> str:
        """Take what the patient has one of under that name, whatever the patient's number is."""
        named = [{"system": system, "value": name}, *resource.get("identifier", [])]
        url = self.state({**resource, "identifier": named}, [Key(system, f"{self.subject}/{name}")])
        self._entries[url] = replace(self._entries[url], of_patient=True)
        return url

    def as_of(self, full_url: str, when: str, cleared: Sequence[str] = ()) -> None:
        """Say since when an entry is so, and which elements the message deletes."""
        held = self._entries[full_url]
        both = tuple(dict.fromkeys((*held.cleared, *cleared)))
        self._entries[full_url] = replace(held, as_of=when, cleared=both)

    def name_of(self, key: Key) -> str:
        """Write a key as one text that no other sender's number can equal."""
        return f"{key.system or self.sender_system}|{key.value}"

    def holds(self, kind: str, key: Key) -> bool:
        """Say whether a resource of that best key has been taken."""
        return urn(stable_id(kind, key.system or self.sender_system, key.value)) in self._entries

    def first(self, kind: str) -> str | None:
        """Return the full url of the first resource of that type."""
        return self._first.get(kind)

    @property
    def subject(self) -> str:
        """The full url of the patient, which every message here has."""
        return self._first["Patient"]

    def attach(self, content: bytes, content_type: str) -> Payload:
        """Keep a document, once."""
        digest = sha256(content).hexdigest()
        return self._objects.setdefault(digest, Payload(content, content_type, digest))

    def link(self, kind: LinkKind, key: Key) -> None:
        """Keep a number by which order, images and report find each other."""
        self._links[Link(kind, key.system, key.value)] = None

    def copy_to(self, recipients: list[Recipient]) -> list[Recipient]:
        """Keep those whom the message names to receive what it brings, and return them."""
        self._recipients |= dict.fromkeys(recipients)
        return recipients

    def warn(self, text: str, location: str, code: str = "business-rule") -> None:
        """Report something wrong that did not stop the message."""
        self._issues[Issue(text, None, location, code, "warning")] = None

    def unmapped(self, text: str, location: str) -> None:
        """Report something that stays readable in the journal only."""
        self.inform(text, location)

    def inform(self, text: str, location: str) -> None:
        """Report something that the sender need not be told of."""
        self._issues[Issue(text, None, location, "informational", "information")] = None

    def local_code(self, field: str, system: str, code: str, display: str) -> None:
        """Report a code that has no standard coding, for an operator to give it one."""
        self._codes[LocalCode(self.message.sender, field, system, code, display)] = None

    def merge(self, merge: Merge) -> None:
        """Keep what becomes of an identity that is no longer one."""
        self._merges.append(merge)

    def full_urls(self) -> tuple[str, ...]:
        """Return the full urls of all entries, in their order."""
        return tuple(self._entries)

    def finish(self) -> Mapped:
        """Freeze what was gathered."""
        return Mapped(
            entries=tuple(self._entries.values()),
            objects=tuple(self._objects.values()),
            links=tuple(self._links),
            warnings=tuple(self._issues),
            subject=self.first("Patient"),
            order=self.first("ServiceRequest"),
            report=self.first("DiagnosticReport"),
            study=self.first("ImagingStudy"),
            recipients=tuple(self._recipients),
            unmapped_codes=tuple(self._codes),
            merges=tuple(self._merges),
        )
