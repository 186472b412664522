"""How the settings become an MLLP listener and its watched folders."""

from __future__ import annotations

import resource
import threading
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.access.senders import Senders
from gateway.app.certificates import certificates_of
from gateway.mllp.folder import Folder
from gateway.mllp.limits import Limits
from gateway.mllp.server import MllpServer, Ports

if TYPE_CHECKING:
    from gateway.ingest.answering import Answering
    from gateway.ingest.message import MessageIngest
    from gateway.ingest.message_queue import MessageQueue
    from gateway.settings import Settings

# Files that the process has open beside its connections.
_OTHER_FILES: Final = 256


def open_server(
    settings: Settings, queue: MessageQueue, ingest: MessageIngest, answering: Answering
) -> MllpServer:
    """Return the listener, not yet bound; raises `SettingsError` for a bad certificate."""
    peers = settings.peers
    senders = Senders(peers.mllp_allow, peers.mllp_senders)
    certificates = certificates_of(settings, "mllp")
    _allow_files(peers.mllp_connections + _OTHER_FILES)
    return MllpServer(
        settings.mllp_host,
        settings.mllp_port,
        Ports(
            queue.receive,
            ingest.oversize,
            ingest.noise,
            ingest.forbidden,
            senders.decide,
            lambda answer, sent: answering.answered(answer, sent=sent),
        ),
        Limits(
            message_bytes=peers.mllp_max_bytes,
            connections=peers.mllp_connections,
            connections_per_address=peers.mllp_connections_per_address,
            idle_seconds=peers.mllp_idle_seconds,
            block_seconds=peers.mllp_block_seconds,
            bytes_per_second=peers.mllp_bytes_per_second,
            memory_bytes=peers.mllp_memory_bytes,
        ),
        tls=certificates.context if certificates else None,
    )


def watch_folders(
    settings: Settings, queue: MessageQueue, ingest: MessageIngest, stop: threading.Event
) -> list[threading.Thread]:
    """Start to watch every folder of the settings; the threads end when `stop` is set."""
    threads = []
    for name in settings.peers.mllp_folders:
        folder = Folder(
            settings.data_dir / name,
            partial(queue.receive, always=True),
            partial(ingest.oversize, always=True),
            max_bytes=settings.peers.mllp_max_bytes,
        )
        threads.append(threading.Thread(target=folder.watch, args=(stop,), name="folder"))
        threads[-1].start()
    return threads


def _allow_files(number: int) -> None:
    """Raise this process's limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
