"""One HL7 v2 message in: journal, mapping, one commit, one acknowledgement."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.errors import (
    Forbidden,
    GatewayError,
    Issue,
    RequiredMissing,
    Truncated,
    Unavailable,
)
from gateway.hl7v2.acknowledgement import AckError, build_ack
from gateway.hl7v2.message import Message
from gateway.ingest.entries import Applied, apply, is_inline, issues_of
from gateway.mapping.hl7v2 import Context, map_message
from gateway.store.records import JournalEntry, JournalState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gateway.ingest.linking import Linking
    from gateway.mapping.entry import Mapped
    from gateway.store.api import Store, Transaction
    from gateway.store.objects import Objects
    from gateway.store.transaction import SameMessage

_log = logging.getLogger("gateway.mllp")
# Larger originals lie in the object store.
INLINE_BYTES: Final = 256 * 1024
_ANSWERED: Final = (JournalState.PROCESSED, JournalState.SUPERSEDED)
_MICROS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One message as it came, before anybody has read it."""

    raw: bytes
    peer: str
    at: datetime
    digest: bytes
    replay_of: int | None = None


class MessageIngest:
    """Turns messages into commits; its answers are never sent before the commit."""

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        store: Store,
        objects: Objects,
        linking: Linking,
        *,
        context: Context,
        charsets: Mapping[str, str],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        """Work on `store` and `objects`; `charsets` overrides MSH-18 by sender."""
        self._store = store
        self._objects = objects
        self._linking = linking
        self._context = context
        self._charsets = charsets
        self._clock = clock
        self._new_id = new_id

    def receive(self, raw: bytes, peer: str, *, replay_of: int | None = None) -> bytes:
        """Take one message and return its acknowledgement, unframed; never raises.

        AA once it is committed; AE when its content is refused, AR when it may be sent again as
        it is. https://hl7.eu/HL7v2x/v251/std251/ch02.html#Heading81
        """
        digest = hashlib.sha256(raw).digest()
        arrival = _Arrival(raw, peer, self._clock(), digest, replay_of)
        message: Message | None = None
        try:
            message = self._read(raw)
            return self._process(message, arrival)
        except GatewayError as refusal:
            return self._refuse(message, arrival, refusal)
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not cost the message
            return self._fail(message, arrival, fault)

    def noise(self, raw: bytes, peer: str) -> bytes | None:
        """Keep bytes that are no whole message: a cut one gets a refusal, stray bytes no answer.

        Never processed, however well they read: a report without its end says something else.
        """
        text = "The message is not whole: its block was cut short, or it came outside any block."
        answer = self._refuse_unread(raw, peer, Truncated(text))
        return answer if b"MSH" in raw[:64] else None

    def postpone(self, raw: bytes, refusal: Unavailable) -> bytes:
        """Answer AR to a message that could not be kept; it may be sent again as it is."""
        message: Message | None = None
        with contextlib.suppress(GatewayError):
            message = self._read(raw)
        error = AckError(refusal.err_code, refusal.text, None, "E")
        return self._ack(message, refusal.ack_code, (error,))

    def forbidden(self, raw: bytes, peer: str, reason: str) -> bytes:
        """Refuse a message that its sender may not send; it is kept all the same."""
        return self._refuse_unread(raw, peer, Forbidden(reason))

    def oversize(self, head: bytes, size: int, peer: str) -> bytes:
        """Refuse a message over the limit of size; its first 64 KB are kept."""
        refusal = GatewayError(f"The message of {size} bytes is over the limit of this gateway.")
        return self._refuse_unread(head, peer, refusal, size=size)

    def _refuse_unread(
        self, raw: bytes, peer: str, refusal: GatewayError, *, size: int | None = None
    ) -> bytes:
        """Refuse what is not to be processed, under its control id when it can be read."""
        arrival = _Arrival(raw, peer, self._clock(), hashlib.sha256(raw).digest())
        message: Message | None = None
        with contextlib.suppress(GatewayError):
            message = self._read(raw)
        return self._refuse(message, arrival, refusal, size=size)

    # Reading

    def _read(self, raw: bytes) -> Message:
        message = Message.parse(raw)
        charset = self._charsets.get(message.sender)
        return Message.parse(raw, charset) if charset else message

    # Accepting

    def _process(self, message: Message, arrival: _Arrival) -> bytes:
        if not message.control_id:
            text = "MSH-10 is empty: without a control id no answer can be matched."
            raise RequiredMissing(text, location="MSH^1^10")
        mapped = map_message(message, self._context)
        for payload in mapped.objects:
            if not is_inline(payload):
                self._objects.put(payload.content)
        kept = self._keep(arrival.raw)
        with self._store.transaction() as tx:
            earlier = self._earlier(tx, message, arrival)
            answered = self._answered(tx, message, arrival, earlier)
            if answered is not None:
                reply = answered
            else:
                # What was refused under this id was not processed: sent again, it is no reuse.
                reused = any(
                    one.digest != arrival.digest and one.state in _ANSWERED for one in earlier
                )
                reply = self._commit(tx, message, mapped, arrival, kept, reused=reused)
        self._note(message, "AA", arrival)
        return reply

    def _earlier(
        self, tx: Transaction, message: Message, arrival: _Arrival
    ) -> Sequence[SameMessage]:
        """Return what came before under this control id; a replay is meant to repeat."""
        if arrival.replay_of is not None:
            return ()
        return tx.same_message(message.sender, message.control_id)

    def _answered(
        self, tx: Transaction, message: Message, arrival: _Arrival, earlier: Sequence[SameMessage]
    ) -> bytes | None:
        """Return the answer that the very same message got before."""
        for one in earlier:
            if one.digest == arrival.digest and one.state in _ANSWERED:
                duplicate = self._entry(message, arrival, JournalState.DUPLICATE, "AA")
                tx.record(replace(duplicate, replay_of=one.id, reply=one.reply))
                return one.reply
        return None

    def _commit(  # noqa: PLR0913 - the message as it came and as it was read
        self,
        tx: Transaction,
        message: Message,
        mapped: Mapped,
        arrival: _Arrival,
        kept: tuple[bytes | None, str | None],
        *,
        reused: bool,
    ) -> bytes:
        applied = apply(tx, mapped, self._linking)
        issues = _warnings(message, mapped, applied, reused=reused)
        state = JournalState.SUPERSEDED if applied.superseded else JournalState.PROCESSED
        told = tuple(issue for issue in issues if issue.severity == "warning")
        reply = self._ack(
            message,
            "AA",
            tuple(AckError("0", one.text, one.location, one.severity) for one in told),
        )
        entry = self._entry(message, arrival, state, "AA")
        raw, name = kept
        tx.record(
            replace(
                entry,
                issues=issues,
                resources=tuple(applied.written),
                reply=reply,
                raw=raw,
                object=name,
            )
        )
        return reply

    # Refusing

    def _refuse(
        self,
        message: Message | None,
        arrival: _Arrival,
        refusal: GatewayError,
        *,
        size: int | None = None,
    ) -> bytes:
        errors = tuple(
            AckError(refusal.err_code, issue.text, issue.location, "E") for issue in refusal.issues
        )
        reply = self._ack(message, refusal.ack_code, errors)
        state = JournalState.UNREADABLE if message is None else JournalState.REFUSED
        entry = self._entry(message, arrival, state, refusal.ack_code)
        entry = replace(entry, issues=refusal.issues, reply=reply, size=size or entry.size)
        if not isinstance(refusal, Unavailable) and not self._journal(entry, arrival):
            again = Unavailable("The store cannot commit now: send the message again later.")
            return self._ack(message, "AR", (AckError(again.err_code, again.text, None, "E"),))
        self._note(message, refusal.ack_code, arrival)
        return reply

    def _fail(self, message: Message | None, arrival: _Arrival, fault: Exception) -> bytes:
        """Answer a fault of our own: the message stays in the journal for a replay."""
        trace = fault.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = (
            f"{trace.tb_frame.f_code.co_filename.rpartition('gateway')[2]}:{trace.tb_lineno}"
            if trace
            else ""
        )
        # The exception's own text may quote the patient: only its kind and place are logged.
        _log.error("hl7.fault", extra={"kind": type(fault).__name__, "at": where})
        text = f"A fault of the gateway ({type(fault).__name__}): the message is kept for a replay."
        reply = self._ack(message, "AE", (AckError("207", text, None, "E"),))
        entry = self._entry(message, arrival, JournalState.FAILED, "AE")
        issue = Issue(f"{type(fault).__name__} at {where}", code="exception")
        if not self._journal(replace(entry, issues=(issue,), reply=reply), arrival):
            return self._ack(message, "AR", (AckError("207", text, None, "E"),))
        return reply

    def _journal(self, entry: JournalEntry, arrival: _Arrival) -> bool:
        try:
            raw, name = self._keep(arrival.raw)
            with self._store.transaction() as tx:
                tx.record(replace(entry, raw=raw, object=name))
        except Unavailable:
            return False
        return True

    # Words

    def _keep(self, raw: bytes) -> tuple[bytes | None, str | None]:
        if len(raw) <= INLINE_BYTES:
            return raw, None
        return None, self._objects.put(raw)

    def _ack(self, message: Message | None, code: str, errors: tuple[AckError, ...]) -> bytes:
        return build_ack(message, code, control_id=self._new_id(), now=self._clock(), errors=errors)

    def _entry(
        self, message: Message | None, arrival: _Arrival, state: JournalState, answer: str
    ) -> JournalEntry:
        took = (self._clock() - arrival.at).total_seconds()
        return JournalEntry(
            received=arrival.at,
            door="mllp",
            peer=arrival.peer,
            kind=f"{message.code}^{message.event}" if message else "",
            state=state,
            digest=arrival.digest,
            size=len(arrival.raw),
            sender=message.sender if message else "",
            control_id=message.control_id if message else "",
            answer=answer,
            took=int(took * _MICROS),
            replay_of=arrival.replay_of,
        )

    def _note(self, message: Message | None, answer: str, arrival: _Arrival) -> None:
        kind = f"{message.code}^{message.event}" if message else "unreadable"
        took = (self._clock() - arrival.at).total_seconds()
        _log.info(
            "hl7.message",
            extra={
                "kind": kind,
                "answer": answer,
                "control_id": message.control_id if message else "",
                "ms": round(took * 1000, 1),
            },
        )


def _warnings(
    message: Message, mapped: Mapped, applied: Applied, *, reused: bool
) -> tuple[Issue, ...]:
    found = [Issue(text, severity="warning") for text in message.warnings]
    if reused:
        text = "This control id has been used for another message: both were processed."
        found.append(Issue(text, location="MSH^1^10", severity="warning"))
    return (*found, *mapped.warnings, *issues_of(applied))
