"""What did not arrive, and waiting for it no longer than said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_POLL_SECONDS: Final = 0.05


class Missing(Exception):
    """Something of the story did not arrive; the text is a French sentence for the reader."""


def wait_for(what: str, seconds: float, look: Callable[[], _T | None]) -> _T:
    """Return what `look` finds, or raise `Missing` when it found nothing for `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            message = f"{what} : rien au bout de {seconds:.0f} s."
            raise Missing(message)
        time.sleep(_POLL_SECONDS)
