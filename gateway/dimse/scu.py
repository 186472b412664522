"""The gateway as a requestor, by pynetdicom: where bytes and speed are not ours to win."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydicom.dataset import Dataset
from pynetdicom import AE, _config, build_role

from gateway.access.tls import client_context, reason_of
from gateway.delivery.failures import CourierFailure, Refused, Unknown, Unreachable
from gateway.dicom.sop_classes import MPPS, STORAGE_COMMITMENT, VERIFICATION
from gateway.dicom.transfer_syntaxes import EXPLICIT_LITTLE, IMPLICIT_LITTLE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    from gateway.dicom.json_model import Model
    from gateway.settings import DicomDestination

_log = logging.getLogger("gateway.dimse")
# Files go out as they are, piece by piece: nothing is decoded (pynetdicom, "configuration").
_config.STORE_SEND_CHUNKED_DATASET = True
_PLAIN: Final = [EXPLICIT_LITTLE, IMPLICIT_LITTLE]
# PS3.8 9.3.2.2: identifiers of presentation contexts are odd numbers of a byte.
_MOST_CONTEXTS: Final = 128
# PS3.7 annex C: done, with a remark (attribute list error, attribute value out of range, others).
_WARNINGS: Final = frozenset({0x0107, 0x0116, *range(0xB000, 0xC000)})
TEMPORARY: Final = frozenset({0x0213, *range(0xA700, 0xA800)})
_EVENT_FAILED: Final = 2
_EVENT_SUCCESS: Final = 1
_COMMITMENT_INSTANCE: Final = "1.2.840.10008.1.20.1.1"


class Originator(NamedTuple):
    """Who asked for objects to be moved: AE title and message id of its C-MOVE."""

    title: str
    message_id: int


class Scu:
    """Calls one destination."""

    def __init__(self, destination: DicomDestination, title: str) -> None:
        """Call `destination` as `title`, unless it knows us by another one."""
        self._destination = destination
        self._title = destination.calling or title

    @property
    def peer(self) -> str:
        """Where it calls, for the operator."""
        one = self._destination
        return f"{one.ae_title}@{one.host}:{one.port}"

    def echo(self) -> int:
        """Return the status of a C-ECHO; raises `CourierFailure`."""
        with self.associated([(VERIFICATION, _PLAIN)]) as association:
            return _status(association.send_c_echo())

    def find(self, sop_class: str, identifier: Model) -> Iterator[Model]:
        """Yield the matches of a query; raises `CourierFailure`."""
        with self.associated([(sop_class, _PLAIN)]) as association:
            for status, match in association.send_c_find(_dataset(identifier), sop_class):
                if _status(status) not in (0, 0xFF00, 0xFF01):
                    raise Refused(_words("The query", _status(status)))
                if match is not None:
                    yield match.to_json_dict()

    def move(self, sop_class: str, identifier: Model, title: str) -> tuple[int, int]:
        """Have objects moved to `title`; return how many were and were not, or `CourierFailure`."""
        with self.associated([(sop_class, _PLAIN)]) as association:
            done = failed = 0
            status = None
            for status, _ in association.send_c_move(_dataset(identifier), title, sop_class):
                done = getattr(status, "NumberOfCompletedSuboperations", done)
                failed = getattr(status, "NumberOfFailedSuboperations", failed)
            if _status(status) not in (0, 0xB000):
                raise Refused(_words("The retrieval", _status(status)))
            return done, failed

    @contextmanager
    def storing(self, kinds: Iterable[tuple[str, str]]) -> Iterator[Storing]:
        """Open an association for objects of some (SOP class, transfer syntax)."""
        with self.associated(_contexts(kinds)) as association:
            yield Storing(association)

    def create_step(self, uid: str, attributes: Model) -> None:
        """Tell of a procedure step; the same step again is no fault. Raises `CourierFailure`."""
        self._step("send_n_create", uid, attributes, fine=(0, 0x0111))

    def set_step(self, uid: str, attributes: Model) -> None:
        """Tell how a procedure step goes on; raises `CourierFailure`."""
        self._step("send_n_set", uid, attributes, fine=(0,))

    def _step(self, verb: str, uid: str, attributes: Model, *, fine: tuple[int, ...]) -> None:
        service = MPPS
        with self.associated([(service, _PLAIN)]) as association:
            answer, _ = getattr(association, verb)(_dataset(attributes), service, uid)
            status = _status(answer)
            if status not in fine and status not in _WARNINGS:
                raise _refusal(status, "The procedure step")

    def report_commitment(self, result: Model, *, complete: bool) -> None:
        """Report a storage commitment as its SCP, on an association of ours (PS3.4 J.3.3)."""
        service = STORAGE_COMMITMENT
        event = _EVENT_SUCCESS if complete else _EVENT_FAILED
        with self.associated([(service, _PLAIN)], roles=[service]) as association:
            answer, _ = association.send_n_event_report(
                _dataset(result), event, service, _COMMITMENT_INSTANCE
            )
            if _status(answer) != 0:
                raise _refusal(_status(answer), "The commitment")

    @contextmanager
    def associated(
        self, contexts: Iterable[tuple[str, list[str]]], roles: Iterable[str] = ()
    ) -> Iterator[Any]:
        """Open an association; raises `Unreachable`, `Refused` or `Unknown`."""
        one = self._destination
        caller = AE(ae_title=self._title)
        caller.acse_timeout = caller.dimse_timeout = caller.network_timeout = one.timeout
        caller.connection_timeout = min(one.timeout, 10.0)
        for sop_class, syntaxes in contexts:
            caller.add_requested_context(sop_class, syntaxes)
        negotiated: list[Any] = [build_role(uid, scp_role=True) for uid in roles]
        association = caller.associate(
            one.host,
            one.port,
            ae_title=one.ae_title,
            ext_neg=negotiated,
            tls_args=(self._context(), one.server_name or one.host) if one.tls else None,
        )
        if not association.is_established:
            raise _no_association(association, self.peer, tls=one.tls)
        try:
            yield association
        finally:
            if association.is_established:
                association.release()

    def _context(self) -> ssl.SSLContext:
        """Return what certifies both sides, as its files are now; raises `Unreachable`."""
        one = self._destination
        files = (Path(name) if name else None for name in (one.ca, one.certificate, one.key))
        try:
            return client_context(*files)
        except OSError as fault:
            text = f"The certificates for {self.peer} cannot be used: {reason_of(fault)}."
            raise Unreachable(text) from fault


class Storing:
    """Objects going out over one association."""

    def __init__(self, association: Any) -> None:  # noqa: ANN401 - pynetdicom is untyped
        """Use an association of pynetdicom."""
        self._association = association

    def takes(self, sop_class: str, transfer_syntax: str) -> bool:
        """Say whether the peer takes objects of a class in a syntax."""
        return any(
            context.abstract_syntax == sop_class and transfer_syntax in context.transfer_syntax
            for context in self._association.accepted_contexts
        )

    def send(self, file: Path, originator: Originator | None = None) -> int:
        """Send a file and return the status; raises `Unknown` when nobody answers."""
        more = {}
        if originator is not None:
            more = {
                "originator_aet": originator.title,
                "originator_id": originator.message_id,
            }
        if not self._association.is_established:
            raise Unknown(_GONE)
        return _status(self._association.send_c_store(file, **more))


_GONE: Final = "The association ended: what was sent last may have arrived."


def _contexts(kinds: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Propose each class in the syntax it is held in, and in plain ones for who takes no other."""
    held = list(dict.fromkeys(kinds))
    wanted: list[tuple[str, list[str]]] = [(one, [syntax]) for one, syntax in held]
    classes = dict.fromkeys(one for one, _ in held)
    wanted += [(one, _PLAIN) for one in classes if (one, EXPLICIT_LITTLE) not in held]
    return wanted[:_MOST_CONTEXTS]


def _status(answer: Any) -> int:  # noqa: ANN401 - a dataset of pynetdicom
    """Return the status of an answer; raises `Unknown` when there is none."""
    found = getattr(answer, "Status", None)
    if found is None:
        raise Unknown(_GONE)
    return int(found)


def _no_association(association: Any, peer: str, *, tls: bool) -> Exception:  # noqa: ANN401 - as above
    if association.is_rejected:
        answer = association.acceptor.primitive
        if answer is not None and answer.result == 1:
            return Refused(f"{peer} rejects the association: {answer.reason_str}.")
        return Unreachable(f"{peer} rejects the association for now.")
    if association.acceptor.primitive is not None:
        return Refused(f"{peer} takes none of what was to be sent.")
    if tls:
        # The library tells its log alone why.
        return Unreachable(f"{peer} cannot be reached, or one certificate does not suit the other.")
    return Unreachable(f"{peer} cannot be reached.")


def _refusal(status: int, what: str) -> CourierFailure:
    """Return what a status of a peer means: later it may be taken, or never like this.

    Out of resources (PS3.4 table B.2-1), resource limitation (PS3.7 annex C).
    """
    kind = Unreachable if status in TEMPORARY else Refused
    return kind(_words(what, status))


def _words(what: str, status: int) -> str:
    return f"{what} was refused with status {status:04X}."


def _dataset(model: Model) -> Dataset:
    found = Dataset.from_json(model)
    # Written in what every peer since 2004 reads.
    found.SpecificCharacterSet = "ISO_IR 192"
    return found
