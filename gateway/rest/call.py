"""One request, as an interaction sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from gateway.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.rest.dispatch import Found
    from gateway.rest.negotiation import Representation
    from gateway.rest.ports import Ports
    from gateway.store.records import Stored

Pairs = tuple[tuple[str, str], ...]

_MAX_PARAMETERS: Final = 500


def _unjudged(_: Found) -> None:
    """Let everything pass: the door has judged."""


@dataclass(slots=True)
class Call:
    """Where it goes (`type`, `id`, `version` from the path, empty when absent) and what it says.

    `member` is the type that a compartment is searched for; `judge` raises for what is no address
    or not for this caller, when one request holds several (a bundle). Header names are lower case,
    their values as received.
    """

    ports: Ports
    method: str
    type: str
    id: str
    version: str
    parameters: Pairs
    headers: Mapping[bytes, bytes]
    representation: Representation
    body: bytes = b""
    member: str = ""
    judge: Callable[[Found], None] = _unjudged
    looked_up: tuple[Stored | None] | None = None

    def header(self, name: bytes) -> str | None:
        """Return a header's value, or None."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


def merged(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name, repeated ones joined with a comma (RFC 9110 section 5.2)."""
    by_name = dict(headers)
    if len(by_name) != len(headers):
        by_name = {
            wanted: b", ".join(value for name, value in headers if name == wanted)
            for wanted in by_name
        }
    return by_name


def read_pairs(encoded: bytes) -> Pairs:
    """Read `application/x-www-form-urlencoded`; raises `Malformed`."""
    if not encoded:
        return ()
    try:
        pairs = parse_qsl(
            encoded.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except UnicodeDecodeError:
        message = "The parameters are not UTF-8."
        raise Malformed(message) from None
    except ValueError:
        message = f"There are more than {_MAX_PARAMETERS} parameters."
        raise Malformed(message) from None
    if b"%00" in encoded or b"\0" in encoded:
        message = "A parameter holds a NUL character."
        raise Malformed(message)
    return tuple(pairs)
