"""Pixels are decoded in processes of their own: codecs are C that reads what anybody sent.

A decoder that crashes, or takes more memory or time than it may, takes nobody along; numpy and the
codecs are loaded by whoever needs them first.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import NotAcceptable, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from gateway.dicom.display import Display
    from gateway.dicom.drawn import Rendering, Stretch
    from gateway.dicom.frames import Image

_LOG: Final = logging.getLogger("gateway.dicomweb")
_PROCESSES: Final = 2
_SECONDS: Final = 60.0
# Of one process. A frame of 512 MB, decoded, as numbers of four bytes, fits in.
_MEMORY: Final = 4 << 30
# A native frame that is larger is nobody's picture.
LARGEST_FRAME: Final = 1 << 29
_RENDERING: Final = "gateway.dicom.rendering"
_TRANSCODING: Final = "gateway.dicom.transcoding"


class Drawing:
    """Decodes, draws and transcodes; each method raises `NotAcceptable` for what cannot be read."""

    def __init__(self) -> None:
        """Start no process yet."""
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def picture(
        self, image: Image, display: Display, frame: bytes | Stretch, wanted: Rendering
    ) -> bytes:
        """Return a frame as a picture; a stretch of a file need not travel."""
        _require_size(image)
        found: bytes = self._run(_RENDERING, "render", image, display, frame, wanted)
        return found

    def native(self, image: Image, frame: bytes) -> bytes:
        """Return a frame without compression, in little endian."""
        _require_size(image)
        found: tuple[bytes, str] = self._run(_RENDERING, "native", image, frame)
        return found[0]

    def transcode(self, source: Path, target: Path, transfer_syntax: str) -> None:
        """Write an object in another transfer syntax."""
        self._run(_TRANSCODING, "transcode", source, target, transfer_syntax)

    def compose(
        self,
        metadata: dict[str, Any],
        values: Mapping[str, tuple[str, str, str]],
        target: Path,
    ) -> None:
        """Write an object from its DICOM JSON and the files of its bulk data."""
        self._run(_TRANSCODING, "compose", metadata, values, target)

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _run(self, module: str, name: str, *given: object) -> Any:  # noqa: ANN401 - what it returns
        pool = self._opened()
        try:
            future: Future[Any] = pool.submit(_call, module, name, given)
            fault, found = future.result(_SECONDS)
        except (BrokenProcessPool, TimeoutError) as broken:
            self._drop(pool)
            _LOG.warning("dicomweb.decoder", extra={"fault": type(broken).__name__})
            message = "The pixel data cannot be decoded: the decoder gave up on it."
            raise NotAcceptable(message) from None
        except RuntimeError:
            message = "The door is closing."
            raise Unavailable(message) from None
        if fault:
            message = f"The pixel data cannot be decoded ({fault}): ask for it as it is stored."
            raise NotAcceptable(message)
        return found

    def _opened(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    _PROCESSES, get_context("spawn"), _begin, (os.getpid(),)
                )
            return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        _end(pool)


def _require_size(image: Image) -> None:
    if image.frame_bits > LARGEST_FRAME * 8:
        message = "A frame of this image is too large to be decoded here."
        raise NotAcceptable(message)


def _end(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())  # noqa: SLF001 - there is no other way to end one that hangs
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()


def _call(module: str, name: str, given: tuple[object, ...]) -> tuple[str, Any]:
    """Call a function in a decoding process; a fault is told by its kind alone."""
    try:
        return "", getattr(importlib.import_module(module), name)(*given)
    except Exception as fault:  # noqa: BLE001 - whatever a codec says, the pixel data is at fault
        # No words: they may quote the object.
        return type(fault).__name__, None


def _begin(parent: int) -> None:
    """Prepare a decoding process: bounded, quiet, and gone when its parent is."""
    import resource  # noqa: PLC0415 - where there is none, there is no bound
    import warnings  # noqa: PLC0415 - of the codecs alone

    warnings.simplefilter("ignore")
    logging.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)
