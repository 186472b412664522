"""C-FIND: Query/Retrieve and worklist answered one match at a time (PS3.4 C.4.1, K.4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dicom.attributes import SPECIFIC_CHARACTER_SET
from gateway.dicom.json_model import key, texts
from gateway.dicom.query import answer_of, unreadable_key
from gateway.dicom.writer import charset_for, write_dataset
from gateway.dimse.answering import SUCCESS, Statuses, answering, require_permission
from gateway.errors import Forbidden, GatewayError, Invalid, Malformed, TooLarge, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.dicom.json_model import Model
    from gateway.dimse.exchange import Exchange

    # Gives the answers to an identifier: each a dataset with whatever is known of it.
    Finder = Callable[[Model, Exchange], Iterator[Model]]

CANCELLED: Final = 0xFE00
_MATCH: Final = 0xFF00
_MATCH_WITHOUT_KEYS: Final = 0xFF01
_FAULT: Final = 0xC001
# PS3.4 table C.4-1; those of C-GET and C-MOVE are the same (tables C.4-2 and C.4-3).
STATUSES: Final = Statuses(
    _FAULT,
    {
        Invalid: 0xA900,
        Malformed: 0xC000,
        TooLarge: 0xA700,
        Unavailable: 0xA700,
        Forbidden: Forbidden.dimse_status,
        GatewayError: _FAULT,
    },
)


class Find:
    """Answers the queries of one SOP class."""

    def __init__(
        self,
        action: str,
        finder: Finder,
        *,
        supported: Callable[[Model], bool] = lambda _: True,
        charsets: Mapping[str, str] | None = None,
    ) -> None:
        """Ask `finder`; `supported` says whether every key of an identifier is matched.

        `charsets` names what must be written to some peers (by AE title), whatever they ask in.
        """
        self._action = action
        self._finder = finder
        self._supported = supported
        self._charsets = charsets or {}

    def __call__(self, exchange: Exchange) -> None:
        """Answer one query to its end."""
        with answering(exchange, self._action, STATUSES) as told:
            count = 0
            told.counts = lambda: {"matches": count}
            keys = read_identifier(exchange, self._action)
            for model in self._finder(keys, exchange):
                if exchange.cancelled():
                    told.status = CANCELLED
                    break
                exchange.respond(self._pending(keys), dataset=self._written(model, keys, exchange))
                count += 1
            else:
                told.status = SUCCESS
            exchange.respond(told.status)

    def _pending(self, keys: Model) -> int:
        return _MATCH if self._supported(keys) else _MATCH_WITHOUT_KEYS

    def _written(self, model: Model, keys: Model, exchange: Exchange) -> bytes:
        answer = answer_of(model, keys)
        answer.pop(key(SPECIFIC_CHARACTER_SET), None)
        for name in _ALWAYS:
            if name in model:
                answer[name] = model[name]
        agreed = self._charsets.get(exchange.peer.calling, "")
        demanded = (agreed,) if agreed else texts(keys, SPECIFIC_CHARACTER_SET)
        return write_dataset(
            answer, explicit=exchange.explicit, charset=charset_for(answer, demanded)
        )


# Query/Retrieve Level, Retrieve AE Title and Instance Availability (PS3.4 C.4.1.1.3.2).
_ALWAYS: Final = (key(0x00080052), key(0x00080054), key(0x00080056))


def read_identifier(exchange: Exchange, action: str) -> Model:
    """Return the identifier of a request that is permitted; raises `Forbidden`, `Malformed`."""
    require_permission(exchange, action)
    model = exchange.identifier()
    if not model:
        message = "The identifier has no keys."
        raise Invalid(message)
    if wrong := unreadable_key(model):
        message = f"The key ({wrong[:4]},{wrong[4:]}) is no date, time or range."
        raise Invalid(message)
    return model
