"""What the reader sees: aligned lines, colour on a terminal only (https://no-color.org)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self, TextIO

_LABEL: Final = 9
_TITLE: Final = 38
_STYLES: Final = {"bold": "1", "quiet": "2", "good": "32", "bad": "31", "link": "36", "": "0"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with its style, one of `bold`, `quiet`, `good`, `bad`, `link` or none."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """Writes to `stream`."""

    stream: TextIO
    colour: bool

    @classmethod
    def on(cls, stream: TextIO) -> Self:
        """Write with colour when `stream` is a terminal that has it."""
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return cls(stream, colour=stream.isatty() and not plain)

    def say(self, text: str = "", style: str = "") -> None:
        """Write one line at once."""
        try:
            print(self._styled(text, style), file=self.stream, flush=True)
        except UnicodeEncodeError:
            ascii_only = text.encode("ascii", "replace").decode()
            print(self._styled(ascii_only, style), file=self.stream, flush=True)

    def scene(self, number: int, title: str, door: str) -> None:
        """Begin one step of the story."""
        self.say()
        heading = f"{number}. {title}  ".ljust(_TITLE)
        self.say(self._styled(heading, "bold") + self._styled(door, "quiet"))

    def note(self, label: str, text: str, style: str = "") -> None:
        """Write one fact of a step."""
        self.say(f"   {label.ljust(_LABEL)}{self._styled(text, style)}")

    def link(self, url: str) -> None:
        """Write an address under the fact it belongs to."""
        self.note("", url, "link")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Write rows under their heads; columns headed `ms` are aligned to the right."""
        widths = [
            max(len(text) for text in (head[column], *(row[column].text for row in rows)))
            for column in range(len(head))
        ]
        self.say("   " + self._row([Cell(text, "quiet") for text in head], widths, head))
        for row in rows:
            self.say("   " + self._row(row, widths, head))

    def _row(self, row: Sequence[Cell], widths: Sequence[int], head: Sequence[str]) -> str:
        parts = []
        for cell, width, name in zip(row, widths, head, strict=True):
            last = name == head[-1]
            aligned = cell.text.rjust(width) if name == "ms" else cell.text.ljust(width)
            parts.append(self._styled(cell.text if last else aligned, cell.style))
        return "  ".join(parts)

    def _styled(self, text: str, style: str) -> str:
        if not self.colour or not style or not text:
            return text
        return f"\033[{_STYLES[style]}m{text}\033[0m"
