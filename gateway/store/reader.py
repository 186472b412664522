"""What the parts of the store's reading side stand on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Select


class Reader(ABC):
    """Reads what is committed."""

    @abstractmethod
    def _fetch(self, statement: Select[Any]) -> list[Any]:
        """Return the rows of a statement; raises `Unavailable`."""
