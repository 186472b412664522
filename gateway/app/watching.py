"""What a door's process looks after while it runs: search parameters that come and go."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from gateway.errors import Unavailable

if TYPE_CHECKING:
    from gateway.ingest.search_parameters import SearchParameters

_log = logging.getLogger("gateway.serve")
# A new search parameter is known to every process within a second.
_SECONDS: Final = 0.5


def watch(parameters: SearchParameters, stop: threading.Event) -> threading.Thread:
    """Keep the search parameters of this process current until `stop` is set."""

    def run() -> None:
        while not stop.wait(_SECONDS):
            _refresh(parameters)

    thread = threading.Thread(target=run, name="search-parameters", daemon=True)
    thread.start()
    return thread


def _refresh(parameters: SearchParameters) -> None:
    try:
        if parameters.refresh():
            _log.info(
                "search_parameters.installed",
                extra={"served": parameters.served, "unserved": len(parameters.unserved)},
            )
    except Unavailable:
        # The store does not answer now: it is asked again in a moment.
        _log.warning("store.unavailable")
    except Exception as fault:  # noqa: BLE001 - one bad definition must not end the watch
        _log.error("search_parameters.failed", extra={"kind": type(fault).__name__})
