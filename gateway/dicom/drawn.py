"""What a picture of a frame is asked to be (PS3.18 section 8.3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.dicom.display import Window


class Stretch(NamedTuple):
    """A part of a file, for another process to read."""

    file: Path
    start: int
    end: int

    def read(self) -> bytes:
        """Return its bytes; raises `OSError`."""
        with self.file.open("rb") as content:
            content.seek(self.start)
            return content.read(self.end - self.start)


@dataclass(frozen=True, slots=True)
class Viewport:
    """The size to fit into, and the part of the image to show: x, y, width, height in pixels.

    A negative width or height mirrors (PS3.18 8.3.5.1.3); no part is the whole image.
    """

    width: int
    height: int
    part: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a picture is asked to be; `quality` from 1 to 100 is of JPEG."""

    media: str = "image/jpeg"
    quality: int = 90
    window: Window | None = None
    viewport: Viewport | None = None
