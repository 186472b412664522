"""The outlet of C-MOVE: objects go to another system, over an association of ours."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from gateway.dicom.part10 import file_head
from gateway.dicom.transcoding import dataset_in
from gateway.dicom.transfer_syntaxes import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from gateway.dimse.command import MOVE_DESTINATION
from gateway.errors import NotFound, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from gateway.delivery.holdings import Holdings
    from gateway.dimse.exchange import Exchange
    from gateway.dimse.scu import Originator, Storing
    from gateway.settings import DicomDestination
    from gateway.store.records import Instance


class OtherAssociation:
    """Hands objects to a peer that has been called for them."""

    cancelled = False

    def __init__(
        self, storing: Storing, holdings: Holdings, originator: Originator | None = None
    ) -> None:
        """Send what `holdings` has; `originator` asked for it."""
        self._storing = storing
        self._holdings = holdings
        self._originator = originator

    def store(self, instance: Instance) -> int:
        """Send one object as it is stored, else in a plain syntax.

        Raises `Unsupported` when the peer takes it in neither, `Unknown` when it is gone.
        """
        with self._holdings.file(instance) as file:
            if self._storing.takes(instance.sop_class, instance.transfer_syntax):
                return self._storing.send(file, self._originator)
            for syntax in (EXPLICIT_LITTLE, IMPLICIT_LITTLE):
                if self._storing.takes(instance.sop_class, syntax):
                    return self._changed(instance, file, syntax)
        message = "The receiver takes no objects of this class."
        raise Unsupported(message)

    def _changed(self, instance: Instance, file: Path, syntax: str) -> int:
        changed = dataset_in(syntax, file.read_bytes())
        head = file_head(instance.sop_class, instance.sop_uid, syntax)
        with NamedTemporaryFile(dir=self._holdings.spool(), prefix="out-") as copy:
            copy.write(head + changed)
            copy.flush()
            return self._storing.send(Path(copy.name), self._originator)


def mover(
    holdings: Holdings, destinations: Mapping[str, DicomDestination], title: str
) -> Callable[[Exchange, Sequence[Instance]], AbstractContextManager[OtherAssociation]]:
    """Return the outlet of C-MOVE; destinations are known by their AE titles."""

    @contextmanager
    def outlet(exchange: Exchange, instances: Sequence[Instance]) -> Iterator[OtherAssociation]:
        # Half a second and 40 MB that a door which moves nothing need not pay.
        from gateway.dimse.scu import Originator, Scu  # noqa: PLC0415 - see above

        wanted = exchange.command.text(MOVE_DESTINATION)
        destination = destinations.get(wanted)
        if destination is None:
            message = "The move destination is not known here."
            raise NotFound(message)
        originator = Originator(exchange.peer.calling, exchange.command.message_id)
        kinds = [(one.sop_class, one.transfer_syntax) for one in instances]
        with Scu(destination, title).storing(kinds) as storing:
            yield OtherAssociation(storing, holdings, originator)

    return outlet
