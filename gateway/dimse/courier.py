"""Carries to one application entity what the outbox has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.delivery.failures import Refused, Unreachable
from gateway.dicom.instance import objects_in_words
from gateway.dimse.moving import OtherAssociation
from gateway.dimse.scu import TEMPORARY, Scu
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.delivery.holdings import Holdings
    from gateway.settings import DicomDestination
    from gateway.store.records import Instance

_WARNINGS: Final = range(0xB000, 0xC000)


class DimseCourier(Scu):
    """A requestor that sends what is held."""

    def __init__(self, destination: DicomDestination, title: str, holdings: Holdings) -> None:
        """Send from `holdings`; the rest as `Scu`."""
        super().__init__(destination, title)
        self._holdings = holdings

    def send(self, instances: Sequence[Instance]) -> str:
        """Send objects over one association and return what became of them in words.

        Raises `Refused` when one of them was, `Unreachable` when they may be taken later (the
        receiver, or the object store here, had no room), `Unknown` when the association ended.
        """
        kinds = [(one.sop_class, one.transfer_syntax) for one in instances]
        statuses: dict[int, int] = {}
        with self.storing(kinds) as storing:
            outlet = OtherAssociation(storing, self._holdings)
            for one in instances:
                status = _stored(outlet, one)
                statuses[status] = statuses.get(status, 0) + 1
        refused = {one: count for one, count in statuses.items() if one and one not in _WARNINGS}
        if refused:
            said = ", ".join(f"{one:04X} for {count}" for one, count in sorted(refused.items()))
            of_all = f"{sum(refused.values())} of {objects_in_words(len(instances))}"
            message = f"{of_all} refused: {said}."
            # Sent again whole: what is held there already is taken once more and kept once.
            raise Refused(message) if refused.keys() - TEMPORARY else Unreachable(message)
        return objects_in_words(len(instances))


def _stored(outlet: OtherAssociation, instance: Instance) -> int:
    try:
        return outlet.store(instance)
    except GatewayError as fault:
        return fault.dimse_status
