"""A frame as a picture: decoded, windowed, cut, scaled, encoded (PS3.18 section 8.3.5).

numpy and Pillow are needed here, and nowhere before: whoever imports this is a process that draws.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image as Picture
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import UID

from gateway.dicom.display import VoiFunction
from gateway.dicom.transfer_syntaxes import DEFLATED_FRAMES, is_encapsulated

if TYPE_CHECKING:
    from gateway.dicom.display import Display, Palette, Window
    from gateway.dicom.drawn import Rendering, Stretch, Viewport
    from gateway.dicom.frames import Image

    Array = np.ndarray[Any, Any]

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF"}
_BYTE: Final = 255.0
# A picture whose own header says more is not what the object says it is.
Picture.MAX_IMAGE_PIXELS = 1 << 26


def render(image: Image, display: Display, frame: bytes | Stretch, wanted: Rendering) -> bytes:
    """Return a frame as a picture; raises whatever the decoders raise."""
    stored = frame if isinstance(frame, bytes) else frame.read()
    shown = _shown(decoded(image, stored), image, display, wanted.window)
    picture = _fitted(Picture.fromarray(shown), wanted.viewport)
    file = BytesIO()
    more = {"quality": wanted.quality} if wanted.media == "image/jpeg" else {}
    picture.save(file, _FORMATS[wanted.media], **more)
    return file.getvalue()


def native(image: Image, frame: bytes) -> tuple[bytes, str]:
    """Return a frame without compression in little endian, and its photometric interpretation."""
    if not is_encapsulated(image.transfer_syntax):
        return frame, image.photometric
    pixels = decoded(image, frame)
    if image.allocated == 1:
        pixels = np.packbits(pixels.reshape(-1), bitorder="little")
    return pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(), _photometric(image)


def _photometric(image: Image) -> str:
    return "RGB" if image.samples > 1 else image.photometric


def decoded(image: Image, frame: bytes) -> Array:
    """Return a frame as rows x columns, or rows x columns x 3 in RGB."""
    if image.transfer_syntax == DEFLATED_FRAMES:
        size = (image.frame_bits + 7) // 8
        frame = zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame, size)
    elif is_encapsulated(image.transfer_syntax):
        array, _ = get_decoder(UID(image.transfer_syntax)).as_array(
            encapsulate([frame]), index=0, raw=False, validate=False, **_options(image)
        )
        return array
    if image.allocated == 1:
        bits = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")
        return bits[: image.rows * image.columns].reshape(image.rows, image.columns)
    return _native(image, frame)


def _options(image: Image) -> dict[str, Any]:
    return {
        "rows": image.rows,
        "columns": image.columns,
        "samples_per_pixel": image.samples,
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
        "bits_allocated": image.allocated,
        "bits_stored": image.stored,
        "pixel_representation": int(image.signed),
        "photometric_interpretation": image.photometric,
        "planar_configuration": image.planar,
    }


def _native(image: Image, frame: bytes) -> Array:
    kind = "i" if image.signed else "u"
    if image.tag in (0x7FE00008, 0x7FE00009):
        kind = "f"
    pixels = np.frombuffer(frame, f"<{kind}{image.allocated // 8}")
    if image.photometric == "YBR_FULL_422":
        pixels = _widened(pixels, image)
    elif image.samples == 1:
        return pixels[: image.rows * image.columns].reshape(image.rows, image.columns)
    elif image.planar:
        planes = pixels.reshape(image.samples, image.rows, image.columns)
        pixels = planes.transpose(1, 2, 0)
    pixels = pixels.reshape(image.rows, image.columns, image.samples)
    if image.photometric.startswith("YBR_FULL"):
        return convert_color_space(pixels, "YBR_FULL", "RGB")
    return pixels


def _widened(pixels: Array, image: Image) -> Array:
    """Return Y1 Y2 Cb Cr as two pixels (PS3.3 C.7.6.3.1.2)."""
    fours = pixels[: image.rows * image.columns * 2].reshape(-1, 4)
    return fours[:, (0, 2, 3, 1, 2, 3)]


def _shown(pixels: Array, image: Image, display: Display, asked: Window | None) -> Array:
    """Return what is seen, in eight bits."""
    if pixels.ndim > 2:  # noqa: PLR2004 - rows, columns, and colours
        return _eight_bits(pixels, image.stored)
    if image.photometric == "PALETTE COLOR" and display.palette:
        return np.dstack([_through(pixels, one) for one in display.palette])
    if pixels.dtype.kind in "iu" and pixels.itemsize <= 2:  # noqa: PLR2004 - bytes
        return _looked_up(pixels, image, display, asked)
    return _shaded(pixels, pixels, image, display, asked)


def _looked_up(pixels: Array, image: Image, display: Display, asked: Window | None) -> Array:
    """Return what is seen, each value that may occur being shaded once."""
    low, high = int(pixels.min()), int(pixels.max())
    values = np.arange(low, high + 1)
    present = values
    if display.padding is not None:
        present = low + np.flatnonzero(np.bincount(pixels.reshape(-1).astype(np.int64) - low))
    # Counted from the lowest, around the end of the type where it must be.
    kind = np.dtype(f"u{pixels.itemsize}")
    places = pixels.astype(kind) - kind.type(low % (1 << (8 * pixels.itemsize)))
    shaded: Array = _shaded(values, present, image, display, asked).take(places)
    return shaded


def _shaded(
    pixels: Array, present: Array, image: Image, display: Display, asked: Window | None
) -> Array:
    """Return pixels in eight bits; `present` are the values that occur."""
    gray = _gray(pixels, present, image, display, asked)
    dark = (image.photometric == "MONOCHROME1") != display.inverse
    return np.asarray(_BYTE - gray if dark else gray, np.float32).round().astype(np.uint8)


def _eight_bits(pixels: Array, stored: int) -> Array:
    return pixels.astype(np.uint8) if stored <= 8 else (pixels >> (stored - 8)).astype(np.uint8)  # noqa: PLR2004 - bits of a byte


def _through(pixels: Array, table: Palette) -> Array:
    wide = table.bits > 8  # noqa: PLR2004 - bits of a byte
    entries = np.frombuffer(table.entries, "<u2" if wide else np.uint8)
    places = np.clip(pixels.astype(np.int64) - table.first, 0, len(entries) - 1)
    found = entries[places]
    return (found >> 8).astype(np.uint8) if wide else found


def _gray(
    pixels: Array, present: Array, image: Image, display: Display, asked: Window | None
) -> Array:
    if image.stored == 1:
        return pixels.astype(np.float32) * _BYTE
    real = pixels.astype(np.float32) * display.slope + display.intercept
    window = asked or display.window
    if window is not None:
        return _windowed(real, window)
    tissue = present if display.padding is None else present[present != display.padding]
    shown = tissue if tissue.size else present
    return _spread(real, shown.astype(np.float32) * display.slope + display.intercept)


def _spread(real: Array, tissue: Array) -> Array:
    low, high = float(tissue.min()), float(tissue.max())
    if high <= low:
        return np.zeros_like(real)
    return np.clip((real - low) / (high - low), 0, 1) * _BYTE


def _windowed(real: Array, window: Window) -> Array:
    """Apply a window: PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    center, width = window.center, window.width
    if window.function is VoiFunction.SIGMOID:
        steep = np.clip(-4 * (real - center) / width, -80, 80)
        return _BYTE / (1 + np.exp(steep))
    if window.function is VoiFunction.LINEAR:
        # Half a value less at both ends.
        center, width = center - 0.5, max(width - 1, 1e-6)
    return np.clip((real - center) / width + 0.5, 0, 1) * _BYTE


def _fitted(picture: Picture.Image, viewport: Viewport | None) -> Picture.Image:
    if viewport is None:
        return picture
    if viewport.part is not None:
        picture = _cut(picture, viewport.part)
    scale = min(viewport.width / picture.width, viewport.height / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Picture.Resampling.BILINEAR)


def _cut(picture: Picture.Image, part: tuple[float, float, float, float]) -> Picture.Image:
    x, y, width, height = part
    right, bottom = x + (abs(width) or picture.width - x), y + (abs(height) or picture.height - y)
    box = (round(x), round(y), max(round(right), round(x) + 1), max(round(bottom), round(y) + 1))
    cut = picture.crop((min(box[0], picture.width - 1), min(box[1], picture.height - 1), *box[2:]))
    if width < 0:
        cut = cut.transpose(Picture.Transpose.FLIP_LEFT_RIGHT)
    return cut.transpose(Picture.Transpose.FLIP_TOP_BOTTOM) if height < 0 else cut
