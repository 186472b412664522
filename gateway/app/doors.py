"""How each door is opened in its own process."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway import __version__
from gateway.app import assembly
from gateway.app.background import at_work, jobs_of
from gateway.app.log import start_logging
from gateway.app.metrics import MetricsHandler, RequestMetrics, scrape
from gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp

    from gateway.app.supervisor import Door
    from gateway.settings import Settings

    _Opener = Callable[["_Opening"], None]

DOORS: Final = ("http", "mllp", "dimse", "delivery")
# Less than the supervisor waits before it kills.
_DRAIN_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class _Opening:
    """What a door is given: `ready` is called once it listens; `jobs` is what else it carries."""

    settings: Settings
    stop: threading.Event
    ready: Callable[[], None]
    jobs: tuple[str, ...]


def open_doors(settings: Settings, only: tuple[str, ...] = DOORS) -> dict[str, Door]:
    """Return the doors to run, by process name."""
    openers: dict[str, _Opener] = {
        "http": _http,
        "mllp": _mllp,
        "dimse": _dimse,
        "delivery": _delivery,
    }
    doors: dict[str, Door] = {}
    for name in only:
        copies = {"http": settings.http_workers, "dimse": settings.dicom_workers}.get(name, 1)
        for number in range(copies):
            label = name if copies == 1 else f"{name}-{number + 1}"
            # The first process of a door carries its jobs: the others would do the same again.
            jobs = () if number else tuple(jobs_of(name, only))
            doors[label] = _door(settings, label, openers[name], jobs)
    return doors


def _door(settings: Settings, label: str, opener: _Opener, jobs: tuple[str, ...]) -> Door:
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

        opener(_Opening(settings, stop, up, jobs))

    return run


def _http(opening: _Opening) -> None:
    from gateway.app.built_in import install_operations  # noqa: PLC0415 - this door's own
    from gateway.rest.application import build_application  # noqa: PLC0415 - as above
    from gateway.rest.ports import Ports  # noqa: PLC0415 - as above
    from gateway.rest.server import listen, serve  # noqa: PLC0415 - as above

    settings = opening.settings
    base = assembly.found_for_door(settings)
    # Where nothing can be written now, what can be read is served: written at the next start.
    with contextlib.suppress(Unavailable):
        install_operations(base.store)
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
    with at_work(base, opening.stop, opening.jobs):
        # Signals are uvicorn's here: it must wake its loop.
        serve(application, sock, ready=opening.ready)
        opening.stop.set()
    closing.close()
    base.close()


def _mllp(opening: _Opening) -> None:
    import gateway.ingest.message  # noqa: PLC0415 - shared with the process that reads ahead
    import gateway.mapping.hl7v2  # noqa: F401, PLC0415 - as above
    from gateway.app.mllp import open_server, watch_folders  # noqa: PLC0415 - this door's own
    from gateway.ingest.answering import Answering  # noqa: PLC0415 - as above
    from gateway.ingest.message_queue import MessageQueue  # noqa: PLC0415 - as above
    from gateway.ingest.preparing import Preparing  # noqa: PLC0415 - as above

    settings, stop = opening.settings, opening.stop
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
    with at_work(base, stop, opening.jobs):
        opening.ready()
        server.serve_until(stop)
        server.drain(_DRAIN_SECONDS)
    for thread in watching:
        thread.join()
    answering.flush()
    preparing.close()
    base.close()


def _dimse(opening: _Opening) -> None:
    from gateway.app.dicom import dicom_services  # noqa: PLC0415 - this door's own
    from gateway.app.dimse import open_server  # noqa: PLC0415 - as above
    from gateway.ingest.instance import InstanceIngest  # noqa: PLC0415 - as above

    base = assembly.found_for_door(opening.settings)
    instances = InstanceIngest(base.store, base.objects, clock=assembly.now)
    spool, services = base.objects.spool, dicom_services(base)
    server = open_server(opening.settings, spool, instances.receive, services)
    server.bind()
    with at_work(base, opening.stop, opening.jobs):
        opening.ready()
        server.serve_until(opening.stop)
        server.drain(_DRAIN_SECONDS)
    base.close()


def _delivery(opening: _Opening) -> None:
    base = assembly.found_for_door(opening.settings)
    worker = assembly.build_worker(base)
    with at_work(base, opening.stop, opening.jobs):
        opening.ready()
        worker.run(opening.stop)
    base.close()


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
