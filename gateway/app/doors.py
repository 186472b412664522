"""How each door is opened in its own process."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway import __version__
from gateway.app import assembly
from gateway.app.log import start_logging
from gateway.app.metrics import MetricsHandler, RequestMetrics, scrape
from gateway.app.retention import start_pruning
from gateway.errors import GatewayError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp

    from gateway.app.supervisor import Door
    from gateway.ingest.study import StudyIngest
    from gateway.settings import Settings
    from gateway.store.api import Store
    from gateway.store.landing import Landing

_log = logging.getLogger("gateway.serve")
DOORS: Final = ("http", "mllp", "dimse", "delivery")
_STUDY_POLL_SECONDS: Final = 0.25
# So long after the last commit there may still be something to do.
_COMMITTED_SECONDS: Final = 3.0
_INDEX_POLL_SECONDS: Final = 0.5
_METADATA_POLL_SECONDS: Final = 0.5
# A study that was longer on its way to rest is described when it is asked for.
_LOOKED_BACK: Final = timedelta(minutes=10)
# What has landed stays so long with its row: a sender in full swing is not slowed down.
_LANDED_SECONDS: Final = 2.0
# Less than the supervisor waits before it kills.
_DRAIN_SECONDS: Final = 20.0


def open_doors(settings: Settings, only: tuple[str, ...] = DOORS) -> dict[str, Door]:
    """Return the doors to run, by process name."""
    # One process brings away what has landed; the door of DICOM does, where it is open.
    mllp = _mllp if "dimse" in only else _mllp_alone
    openers = {"http": _http, "mllp": mllp, "dimse": _dimse, "delivery": _delivery}
    doors: dict[str, Door] = {}
    for name in only:
        copies = {"http": settings.http_workers, "dimse": settings.dicom_workers}.get(name, 1)
        for number in range(copies):
            label = name if copies == 1 else f"{name}-{number + 1}"
            # One process settles studies: the others would map the same ones at the same time.
            opener = _dimse_listener if name == "dimse" and number else openers[name]
            doors[label] = _door(settings, label, opener)
    return doors


def _door(
    settings: Settings,
    label: str,
    opener: Callable[[Settings, threading.Event, Callable[[], None]], None],
) -> Door:
    def run(stop: threading.Event, ready: Callable[[], None]) -> None:
        gc.disable()
        start_logging(settings.log, label)
        logging.getLogger("gateway").addHandler(MetricsHandler())

        def up() -> None:
            # Code and tables stay as long as the process: the collector need not walk them again
            # and again, and fewer of its rounds find as much.
            gc.freeze()
            gc.set_threshold(10_000, 20, 20)
            gc.enable()
            ready()

        opener(settings, stop, up)

    return run


def _http(settings: Settings, _stop: threading.Event, ready: Callable[[], None]) -> None:
    from gateway.rest.application import build_application  # noqa: PLC0415 - this door's own
    from gateway.rest.ports import Ports  # noqa: PLC0415 - as above
    from gateway.rest.server import listen, serve  # noqa: PLC0415 - as above

    base = assembly.found_for_door(settings)
    terminology = assembly.build_terminology(base)
    profiles = assembly.build_profiles(base, terminology)
    ports = Ports(
        store=base.store,
        write=assembly.build_resources(base, profiles),
        objects=base.objects,
        settings=settings,
        version=__version__,
        doors=lambda: door_states(settings),
        metrics=lambda: scrape(base.store),
        observe=RequestMetrics().observe,
        terminology=terminology,
        validate=profiles,
        must_support=profiles.must_support,
        profiles=assembly.installed_profiles(base),
    )
    closing = contextlib.ExitStack()

    def dicomweb() -> ASGIApp:
        application, close = assembly.build_dicomweb(base, ports.observe)
        closing.callback(close)
        return application

    application = build_application(ports, {"/dicom-web": dicomweb})
    shared = settings.http_workers > 1
    sock = listen(settings.http_host, settings.http_port, shared=shared)
    # Signals are uvicorn's here: it must wake its loop.
    serve(application, sock, ready=ready)
    closing.close()
    base.close()


def _mllp_alone(settings: Settings, stop: threading.Event, ready: Callable[[], None]) -> None:
    _mllp(settings, stop, ready, lands=True)


def _mllp(
    settings: Settings,
    stop: threading.Event,
    ready: Callable[[], None],
    *,
    lands: bool = False,
) -> None:
    import gateway.ingest.message  # noqa: PLC0415 - shared with the process that reads ahead
    import gateway.mapping.hl7v2  # noqa: F401, PLC0415 - as above
    from gateway.app.mllp import open_server, watch_folders  # noqa: PLC0415 - this door's own
    from gateway.ingest.answering import Answering  # noqa: PLC0415 - as above
    from gateway.ingest.message_queue import MessageQueue  # noqa: PLC0415 - as above
    from gateway.ingest.preparing import Preparing  # noqa: PLC0415 - as above

    # Before the first thread, and before anything of the database is open.
    preparing = Preparing(lambda: assembly.build_messages(assembly.found(settings)).prepare)
    base = assembly.found_for_door(settings)
    answering = Answering(base.store, assembly.now)
    ingest = assembly.build_messages(base, answering)
    queue = MessageQueue(base.store, ingest, answering=answering, preparing=preparing)
    server = open_server(settings, queue, ingest, answering)
    server.bind()
    watching = watch_folders(settings, queue, ingest, stop)
    watching.append(threading.Thread(target=answering.flush_until, args=(stop,), name="answers"))
    watching[-1].start()
    if lands:
        bringing = threading.Thread(target=_bring_away, args=(base.objects, stop), name="landing")
        watching.append(bringing)
        watching[-1].start()
    ready()
    server.serve_until(stop)
    server.drain(_DRAIN_SECONDS)
    for thread in watching:
        thread.join()
    answering.flush()
    preparing.close()
    base.close()


def _dimse(settings: Settings, stop: threading.Event, ready: Callable[[], None]) -> None:
    from gateway.app.dicom import keep_current  # noqa: PLC0415 - this door's own

    base = assembly.found_for_door(settings)
    studies = assembly.build_studies(base)
    work = (base.store, studies, keep_current(base), stop)
    settling = threading.Thread(target=_settle_studies, args=work, name="studies")
    landing = threading.Thread(target=_bring_away, args=(base.objects, stop), name="landing")

    def begin() -> None:
        settling.start()
        landing.start()
        ready()

    _listen(base, settings, stop, begin)
    settling.join()
    landing.join()
    base.close()


def _dimse_listener(settings: Settings, stop: threading.Event, ready: Callable[[], None]) -> None:
    base = assembly.found_for_door(settings)
    _listen(base, settings, stop, ready)
    base.close()


def _listen(
    base: assembly.Foundation,
    settings: Settings,
    stop: threading.Event,
    ready: Callable[[], None],
) -> None:
    from gateway.app.dicom import dicom_services  # noqa: PLC0415 - this door's own
    from gateway.app.dimse import open_server  # noqa: PLC0415 - as above
    from gateway.ingest.instance import InstanceIngest  # noqa: PLC0415 - as above

    instances = InstanceIngest(base.store, base.objects, clock=assembly.now)
    server = open_server(settings, base.objects.spool, instances.receive, dicom_services(base))
    server.bind()
    ready()
    server.serve_until(stop)
    server.drain(_DRAIN_SECONDS)


def _settle_studies(
    store: Store, studies: StudyIngest, keep_current: Callable[[], None], stop: threading.Event
) -> None:
    seen: object = None
    changed, rested = 0.0, False
    while not stop.wait(_STUDY_POLL_SECONDS):
        try:
            moment = store.moment()
            if moment != seen:
                seen, changed, rested = moment, time.monotonic(), False
            elif rested:
                continue
            studies.run_once()
            keep_current()
            # What waits for a while, a study to be quiet or to be listed, gets no commit for it.
            waited = time.monotonic() - changed > _COMMITTED_SECONDS
            rested = waited and not store.unsettled_studies()
        except Unavailable:
            # The store says it cannot commit now: the study stays pending.
            _log.warning("store.unavailable")


def _bring_away(objects: Landing, stop: threading.Event) -> None:
    """Bring small objects to the object store behind the commits, a quarter of the time."""
    pause = _LANDED_SECONDS
    while not stop.wait(pause):
        began = time.monotonic()
        try:
            busy = objects.bring_away(assembly.now() - timedelta(seconds=_LANDED_SECONDS)) > 0
        except Unavailable:
            # The store or the object store says it cannot now: what has landed waits.
            _log.warning("store.unavailable")
            busy = False
        pause = 3 * (time.monotonic() - began) if busy else _LANDED_SECONDS


def _delivery(settings: Settings, stop: threading.Event, ready: Callable[[], None]) -> None:
    base = assembly.found_for_door(settings)
    worker = assembly.build_worker(base)
    indexing = threading.Thread(target=_index, args=(base.store, stop), name="indexing")
    indexing.start()
    describing = threading.Thread(target=_describe, args=(base, stop), name="metadata")
    describing.start()
    pruning = start_pruning(base, stop)
    ready()
    worker.run(stop)
    indexing.join()
    describing.join()
    if pruning is not None:
        pruning.join()
    base.close()


def _describe(base: assembly.Foundation, stop: threading.Event) -> None:
    """Make the metadata of studies that have come to rest, before a viewer asks for it."""
    maker = assembly.build_metadata(base)
    rested: object = None
    while not stop.wait(_METADATA_POLL_SECONDS):
        try:
            moment = base.store.moment()
            if moment != rested:
                maker.prepare_settled(assembly.now() - _LOOKED_BACK)
                rested = moment
        except GatewayError as refusal:
            # Made when it is asked for, or the next time.
            _log.warning("dicomweb.metadata", extra={"kind": type(refusal).__name__})


def _index(store: Store, stop: threading.Event) -> None:
    """Fill index rows behind the commits, and leave the writers half of the time."""
    pause = _INDEX_POLL_SECONDS
    while not stop.wait(pause):
        began = time.monotonic()
        try:
            busy = store.reindex_step()
        except Unavailable:
            # The store says it cannot commit now: the next step begins where this one did.
            _log.warning("store.unavailable")
            busy = False
        # A step holds the writers' lock: three quarters of the time are everybody else's.
        pause = 3 * (time.monotonic() - began) if busy else _INDEX_POLL_SECONDS


def state_file(settings: Settings) -> Path:
    """Return where this process tells the others how its doors are.

    Doors may be shared out between several `gateway serve --only ...` over one data directory.
    """
    return settings.run_dir / f"doors-{os.getpid()}.json"


def door_states(settings: Settings) -> Mapping[str, str]:
    """Return how each door was last seen by the supervisor that keeps it, dead ones left out."""
    states: dict[str, str] = {}
    for file in settings.run_dir.glob("doors-*.json"):
        if not _is_alive(int(file.stem.removeprefix("doors-"))):
            file.unlink(missing_ok=True)
            continue
        with contextlib.suppress(FileNotFoundError, ValueError):
            states |= json.loads(file.read_text("utf-8"))
    return states


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
