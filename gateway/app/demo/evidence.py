"""Reads again everything that the story left: resources, the PDF, deliveries, the mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.app.demo.checks import Evidence, pdf_form
from gateway.app.demo.missing import wait_for
from gateway.store.api import open_store
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from gateway.app.demo.scenes import Stage
    from gateway.store.api import Store

# The courier notes that a mail is sent after the mailbox has it.
_NOTED_SECONDS: Final = 10.0
_OPEN: Final = (DeliveryState.WAITING, DeliveryState.SENDING)


def gather(stage: Stage, database_url: str) -> Evidence:
    """Return the evidence; raises `Missing` for what cannot be read."""
    resources = {name: stage.ehr.read(reference) for name, reference in stage.known.items()}
    form = pdf_form(resources["DiagnosticReport"])
    binary = stage.ehr.content(form, "application/pdf") if form else b""
    mail = stage.mail
    summary = mail.text_of(mail.papers[0]) if mail is not None and mail.papers else ""
    return Evidence(
        resources,
        stage.known,
        binary,
        stage.pdf,
        summary,
        _deliveries(database_url, stage.known["DiagnosticReport"]),
    )


def _deliveries(database_url: str, report: str) -> dict[str, str]:
    """Return what was done for each recipient of the report, once nothing waits any more."""
    store = open_store(database_url)
    try:
        return wait_for("L'envoi noté", _NOTED_SECONDS, lambda: _settled(store, report))
    finally:
        store.close()


def _settled(store: Store, report: str) -> dict[str, str] | None:
    ours = [one for one in store.deliveries(limit=50) if one.focus == report]
    if not ours or any(one.state in _OPEN for one in ours):
        return None
    return {one.recipient: one.state.value for one in ours}
