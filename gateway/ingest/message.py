"""One HL7 v2 message in: journal, mapping, one commit, one acknowledgement."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.access.origin import on_behalf_of
from gateway.errors import (
    Forbidden,
    GatewayError,
    Invalid,
    Issue,
    RequiredMissing,
    Truncated,
    Unavailable,
)
from gateway.hl7v2.acknowledgement import AckError, build_ack
from gateway.hl7v2.acknowledgement_mode import acknowledgement_codes, mode_of
from gateway.hl7v2.message import Message
from gateway.ingest.arrival import Arrival, entry_of
from gateway.ingest.entries import apply
from gateway.ingest.err_code import err_code
from gateway.ingest.message_journal import MessageJournal
from gateway.ingest.payload import is_large
from gateway.ingest.receipt import received
from gateway.ingest.recording import issues_for, journaled
from gateway.ingest.replaying import Replay
from gateway.mapping.hl7v2 import Context, map_message
from gateway.store.records import JournalState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gateway.ingest.answering import Answering
    from gateway.ingest.linking import Linking
    from gateway.mapping.entry import Mapped
    from gateway.store.api import Store, Transaction
    from gateway.store.objects import Objects
    from gateway.store.records import JournalEntry
    from gateway.store.transaction import SameMessage

_log = logging.getLogger("gateway.mllp")
_ANSWERED: Final = (JournalState.PROCESSED, JournalState.SUPERSEDED)
# The control ids of our own answers: who acknowledges one gets no answer, or two gateways would
# never stop.
_OWN: Final = re.compile(r"G[0-9A-F]{8,}")
_ACKNOWLEDGEMENTS: Final = ("ACK", "MCF")


def _no_agreement(_sender: str) -> str:
    return ""


def _acknowledges_answer(message: Message) -> bool:
    msa = message.first("MSA") if message.code in _ACKNOWLEDGEMENTS else None
    return msa is not None and _OWN.fullmatch(msa.text(2)) is not None


def _lenient(_message: Message) -> tuple[Issue, ...]:
    return ()


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
        agreed_mode: Callable[[str], str] = _no_agreement,
        breaches: Callable[[Message], tuple[Issue, ...]] = _lenient,
        answering: Answering | None = None,
    ) -> None:
        """Work on `store` and `objects`; `charsets` overrides MSH-18 by sender.

        `agreed_mode` gives the acknowledgement mode agreed with a sender, `original` or
        `enhanced`, empty when MSH-15 and MSH-16 say it. `breaches` gives why a message is refused
        for its profile. `answering` is told which answer belongs to which entry.
        """
        self._store = store
        self._objects = objects
        self._linking = linking
        self._context = context
        self._charsets = charsets
        self._clock = clock
        self._new_id = new_id
        self._agreed_mode = agreed_mode
        self._breaches = breaches
        self._journal = MessageJournal(store, objects, answering)

    def receive(  # noqa: PLR0913 - what is known of a message, by name
        self,
        raw: bytes,
        peer: str,
        *,
        replay_of: int | None = None,
        always: bool = False,
        reason: str = "",
        prepared: Callable[[], Mapped | None] | None = None,
        digest: bytes = b"",
    ) -> bytes:
        """Take one message and return its acknowledgements, unframed; never raises.

        One in the original mode, none to two in the enhanced, one behind the other. AA once it is
        committed; AE when its content is refused, AR when it may be sent again as it is. `always`
        answers as in the original mode whatever the message says: for files. `reason` is why an
        operator has entry `replay_of` processed again. `prepared` waits for what `prepare` has made
        of the message elsewhere, None when it could not; `digest` is SHA-256 of `raw`, when known.
        https://hl7.eu/HL7v2x/v251/std251/ch02.html#Heading81
        """
        known = digest or hashlib.sha256(raw).digest()
        arrival = Arrival(raw, peer, self._clock(), known, replay_of, always, reason)
        message: Message | None = None
        try:
            message = self._read(raw)
            if _acknowledges_answer(message):
                return self._unawaited(message, arrival)
            return self._process(message, arrival, prepared)
        except GatewayError as refusal:
            return self._refuse(message, arrival, refusal)
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not cost the message
            return self._fail(message, arrival, fault)

    def noise(self, raw: bytes, peer: str) -> bytes | None:
        """Keep bytes that are no whole message: a cut one gets a refusal, stray bytes no answer.

        Never processed, however well they read: a report without its end says something else.
        """
        text = "The message is not whole: its block was cut short, or it came outside any block."
        silent = b"MSH" not in raw[:64]
        answer = self._refuse_unread(raw, peer, Truncated(text), silent=silent)
        return None if silent else answer

    def postpone(self, raw: bytes, refusal: Unavailable, *, always: bool = False) -> bytes:
        """Answer AR to a message that could not be kept; it may be sent again as it is."""
        message: Message | None = None
        with contextlib.suppress(GatewayError):
            message = self._read(raw)
        error = AckError(refusal.err_code, refusal.text, None, "E")
        return self._ack(message, refusal.ack_code, (error,), always=always)

    def forbidden(self, raw: bytes, peer: str, reason: str) -> bytes:
        """Refuse a message that its sender may not send; it is kept all the same."""
        return self._refuse_unread(raw, peer, Forbidden(reason))

    def oversize(self, head: bytes, size: int, peer: str, *, always: bool = False) -> bytes:
        """Refuse a message over the limit of size; its first 64 KB are kept."""
        refusal = GatewayError(f"The message of {size} bytes is over the limit of this gateway.")
        return self._refuse_unread(head, peer, refusal, size=size, always=always)

    def _refuse_unread(  # noqa: PLR0913 - what is known of it, by name
        self,
        raw: bytes,
        peer: str,
        refusal: GatewayError,
        *,
        size: int | None = None,
        always: bool = False,
        silent: bool = False,
    ) -> bytes:
        """Refuse what is not to be processed, under its control id when it can be read."""
        digest = hashlib.sha256(raw).digest()
        arrival = Arrival(raw, peer, self._clock(), digest, always=always, silent=silent)
        message: Message | None = None
        with contextlib.suppress(GatewayError):
            message = self._read(raw)
        return self._refuse(message, arrival, refusal, size=size)

    # Reading

    def prepare(self, raw: bytes) -> Mapped:
        """Return the mapping of a message, without keeping anything; raises `GatewayError`."""
        return map_message(self._read(raw), self._context)

    def _read(self, raw: bytes) -> Message:
        message = Message.parse(raw)
        charset = self._charsets.get(message.sender)
        return Message.parse(raw, charset) if charset else message

    # Accepting

    def _process(
        self,
        message: Message,
        arrival: Arrival,
        prepared: Callable[[], Mapped | None] | None,
    ) -> bytes:
        if not message.control_id:
            text = "MSH-10 is empty: without a control id no answer can be matched."
            raise RequiredMissing(text, location="MSH^1^10")
        if breaches := self._breaches(message):
            raise Invalid(breaches[0].text, issues=breaches)
        mapped = (prepared() if prepared else None) or map_message(message, self._context)
        mapped_at = self._clock()
        for payload in mapped.objects:
            if is_large(payload):
                self._objects.put(payload.content)
        kept = self._journal.keep(arrival)
        with on_behalf_of(message.sender), self._store.transaction() as tx:
            earlier = self._earlier(tx, message, arrival)
            answered = self._answered(tx, message, arrival, earlier)
            if answered is not None:
                reply = answered
            else:
                # What was refused under this id was not processed: sent again, it is no reuse.
                reused = any(
                    one.digest != arrival.digest and one.state in _ANSWERED for one in earlier
                )
                reply = self._commit(
                    tx, message, mapped, arrival, kept, reused=reused, mapped_at=mapped_at
                )
        self._note(message, "AA", arrival)
        return reply

    def _unawaited(self, message: Message, arrival: Arrival) -> bytes:
        """Keep what acknowledges one of our answers; nothing is said to it."""
        text = "This acknowledges an acknowledgement."
        entry = self._entry(message, arrival, JournalState.REFUSED, "")
        self._journal.write(replace(entry, issues=(Issue(text, location="MSA^1^2"),)), arrival)
        self._note(message, "", arrival)
        return b""

    def _earlier(
        self, tx: Transaction, message: Message, arrival: Arrival
    ) -> Sequence[SameMessage]:
        """Return what came before under this control id; a replay is meant to repeat."""
        if arrival.replay_of is not None:
            return ()
        return tx.same_message(message.sender, message.control_id)

    def _answered(
        self, tx: Transaction, message: Message, arrival: Arrival, earlier: Sequence[SameMessage]
    ) -> bytes | None:
        """Return the answer that the very same message got before."""
        for one in earlier:
            if one.digest == arrival.digest and one.state in _ANSWERED:
                duplicate = self._entry(message, arrival, JournalState.DUPLICATE, "AA")
                self._journal.record(
                    tx, replace(duplicate, replay_of=one.id, reply=one.reply), arrival
                )
                return one.reply
        return None

    def _commit(  # noqa: PLR0913 - the message as it came and as it was read
        self,
        tx: Transaction,
        message: Message,
        mapped: Mapped,
        arrival: Arrival,
        kept: tuple[bytes | None, str | None],
        *,
        reused: bool,
        mapped_at: datetime,
    ) -> bytes:
        number = tx.reserve()
        # Of the first reception: a replay that changes nothing must not change this either.
        original = number if arrival.replay_of is None else arrival.replay_of
        mapped = received(tx, self._store, message, mapped)
        replay = None if arrival.replay_of is None else Replay(self._store, original)
        applied = apply(tx, journaled(mapped, original), self._linking, replay=replay)
        issues = issues_for(message, mapped, applied, reused=reused)
        for one in mapped.unmapped_codes:
            tx.note_code(*one)
        state = JournalState.SUPERSEDED if applied.superseded else JournalState.PROCESSED
        told = tuple(issue for issue in issues if issue.severity == "warning")
        reply = self._ack(
            message,
            "AA",
            tuple(AckError("0", one.text, one.location, one.severity) for one in told),
            always=arrival.always,
        )
        entry = self._entry(message, arrival, state, "AA")
        raw, name = kept
        self._journal.record(
            tx,
            replace(
                entry,
                id=number,
                mapped=arrival.until(mapped_at),
                issues=(*entry.issues, *issues),
                resources=tuple(applied.written),
                reply=reply,
                raw=raw,
                object=name,
            ),
            arrival,
        )
        return reply

    # Refusing

    def _refuse(
        self,
        message: Message | None,
        arrival: Arrival,
        refusal: GatewayError,
        *,
        size: int | None = None,
    ) -> bytes:
        errors = tuple(
            AckError(err_code(message, refusal, issue), issue.text, issue.location, "E")
            for issue in refusal.issues
        )
        reply = self._ack(message, refusal.ack_code, errors, always=arrival.always)
        state = JournalState.UNREADABLE if message is None else JournalState.REFUSED
        entry = self._entry(message, arrival, state, refusal.ack_code)
        issues = (*entry.issues, *refusal.issues)
        entry = replace(entry, issues=issues, reply=reply, size=size or entry.size)
        if not isinstance(refusal, Unavailable) and not self._journal.write(entry, arrival):
            again = Unavailable("The store cannot commit now: send the message again later.")
            error = AckError(again.err_code, again.text, None, "E")
            return self._ack(message, "AR", (error,), always=arrival.always)
        self._note(message, refusal.ack_code, arrival)
        return reply

    def _fail(self, message: Message | None, arrival: Arrival, fault: Exception) -> bytes:
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
        error = AckError("207", text, None, "E")
        reply = self._ack(message, "AE", (error,), always=arrival.always)
        entry = self._entry(message, arrival, JournalState.FAILED, "AE")
        issue = Issue(f"{type(fault).__name__} at {where}", code="exception")
        if not self._journal.write(
            replace(entry, issues=(*entry.issues, issue), reply=reply), arrival
        ):
            return self._ack(message, "AR", (error,), always=arrival.always)
        return reply

    # Words

    def _ack(
        self, message: Message | None, code: str, errors: tuple[AckError, ...], *, always: bool
    ) -> bytes:
        """Return the answers that the sender wants, the last of them with the errors."""
        agreed = self._agreed_mode(message.sender) if message else ""
        mode = mode_of(message, "original" if always else agreed)
        codes = acknowledgement_codes(mode, code, errors[0].err_code if errors else "0")
        answers = [
            build_ack(
                message,
                one,
                control_id=self._new_id(),
                now=self._clock(),
                errors=errors if one == codes[-1] else (),
                final=one == code and not mode.is_original,
            )
            for one in codes
        ]
        return b"".join(answers)

    def _entry(
        self, message: Message | None, arrival: Arrival, state: JournalState, answer: str
    ) -> JournalEntry:
        return entry_of(message, arrival, state, answer, self._clock())

    def _note(self, message: Message | None, answer: str, arrival: Arrival) -> None:
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
