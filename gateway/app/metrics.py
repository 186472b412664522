"""Prometheus metrics out of log events: every door says what it does once, for both.

Counters and histograms live in files that all processes share, so that one scrape of the HTTP
door shows every door (prometheus_client's multiprocess mode).
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.store.api import Store

# Event -> (name, help, labels out of the event, histogram of which field in milliseconds).
EVENTS: Final[dict[str, tuple[str, str, tuple[str, ...], str]]] = {
    "hl7.message": ("gateway_hl7_messages", "HL7 v2 messages answered", ("kind", "answer"), "ms"),
    "mllp.connected": ("gateway_mllp_connections", "MLLP connections accepted", (), ""),
    "dimse.instance": ("gateway_dicom_instances", "DICOM objects answered", ("status",), "ms"),
    "dimse.study": ("gateway_dicom_studies", "Studies turned into FHIR", ("state",), ""),
    "delivery.sent": ("gateway_deliveries_sent", "Deliveries handed over", (), ""),
    "delivery.failed": ("gateway_deliveries_failed", "Failed attempts", ("failure",), ""),
}  # fmt: skip - a row an event
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def prepare_metrics(directory: Path, *, alone: bool) -> None:
    """Name the shared files, and empty them when no other gateway counts in them."""
    directory.mkdir(parents=True, exist_ok=True)
    # Read by prometheus_client when it is first imported.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    for file in directory.glob("*.db") if alone else ():
        file.unlink()
    # Once for all doors.
    import prometheus_client  # noqa: F401, PLC0415 - after the variable is set


class MetricsHandler(logging.Handler):
    """Counts events as they are logged."""

    def __init__(self) -> None:
        """Make the metrics of every event in the table."""
        super().__init__()
        # After prepare_metrics: the library decides at its import where it keeps its values.
        from prometheus_client import Counter, Histogram  # noqa: PLC0415 - see above

        self._counters: dict[str, Any] = {}
        self._times: dict[str, Any] = {}
        self._children: dict[tuple[str, tuple[str, ...]], Any] = {}
        for event, (name, text, labels, field) in EVENTS.items():
            self._counters[event] = Counter(name, text, labels)
            if field:
                self._times[event] = Histogram(
                    f"{name}_seconds", f"{text}: time taken", buckets=_BUCKETS
                )

    @override
    def emit(self, record: logging.LogRecord) -> None:
        row = EVENTS.get(record.msg)
        if row is None:
            return
        labels, field = row[2], row[3]
        values = tuple(str(getattr(record, label, "")) for label in labels)
        self._counter(record.msg, values).inc()
        if field and hasattr(record, field):
            self._times[record.msg].observe(getattr(record, field) / 1000)

    def _counter(self, event: str, values: tuple[str, ...]) -> Any:  # noqa: ANN401 - an untyped library
        # Looking a child up by its labels costs the library more than counting.
        child = self._children.get((event, values))
        if child is None:
            counter = self._counters[event]
            child = self._children[event, values] = counter.labels(*values) if values else counter
        return child


class RequestMetrics:
    """Counts requests without a log event: there are too many of them."""

    def __init__(self) -> None:
        """Make the two metrics of the HTTP door."""
        from prometheus_client import Counter, Histogram  # noqa: PLC0415 - as above

        labels = ("method", "route", "status")
        self._counter = Counter("gateway_http_requests", "HTTP requests answered", labels)
        self._seconds = Histogram(
            "gateway_http_requests_seconds", "HTTP requests: time taken", buckets=_BUCKETS
        )
        self._children: dict[tuple[str, str, int], Counter] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        child = self._children.get((method, route, status))
        if child is None:
            child = self._counter.labels(method, route, str(status))
            self._children[method, route, status] = child
        child.inc()
        self._seconds.observe(seconds)


def scrape(store: Store) -> tuple[bytes, str]:
    """Return the metrics of all doors and the backlog in the store, with their content type."""
    from prometheus_client import (  # noqa: PLC0415 - as above
        CONTENT_TYPE_LATEST,
        CollectorRegistry,
        generate_latest,
        multiprocess,
    )
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

    class Backlog:
        """Read from the store at each scrape: it is no process's to count."""

        @staticmethod
        def collect() -> Iterator[GaugeMetricFamily]:
            gauge = GaugeMetricFamily(
                "gateway_deliveries", "Deliveries by state", labels=("state",)
            )
            for state, number in store.delivery_counts().items():
                gauge.add_metric([state], number)
            yield gauge

    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped library
    registry.register(Backlog())
    return generate_latest(registry), CONTENT_TYPE_LATEST
