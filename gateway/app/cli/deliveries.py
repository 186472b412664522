"""`gateway deliveries`: what goes out, to whom, with what result; pausing a destination."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from gateway.app import assembly
from gateway.app.cli.table import show
from gateway.delivery.endpoints import endpoint_id, named, paused, suspend
from gateway.delivery.outgoing import RECIPIENT
from gateway.delivery.retry import retried
from gateway.errors import Conflict, NotFound
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    import argparse

    from gateway.delivery.endpoints import Receiver
    from gateway.settings import Settings
    from gateway.store.api import Transaction
    from gateway.store.records import Delivery

_ALL: Final = 100_000
_UNDER_WAY: Final = (DeliveryState.SENT, DeliveryState.SENDING)


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add `deliveries list`, `show`, `retry`, `destinations`, `pause` and `resume`."""
    family = commands.add_parser("deliveries", help="what goes out, to whom, with what result")
    actions = family.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="newest first")
    listing.add_argument("--state", choices=[one.value for one in DeliveryState])
    listing.add_argument("--limit", type=int, default=50)
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_deliveries)
    one = actions.add_parser("show", help="one delivery")
    one.add_argument("id")
    one.set_defaults(run=show_delivery)
    retry = actions.add_parser("retry", help="try again now")
    retry.add_argument("id", nargs="+")
    retry.set_defaults(run=retry_deliveries)
    places = actions.add_parser("destinations", help="where HL7 v2 messages go, and what waits")
    places.add_argument("--json", action="store_true")
    places.set_defaults(run=list_destinations)
    for word, run, text in (
        ("pause", pause_destination, "send nothing to a destination; messages wait in order"),
        ("resume", resume_destination, "go on sending, where it was paused"),
    ):
        command = actions.add_parser(word, help=text)
        command.add_argument("name", nargs="+")
        command.set_defaults(run=run)


def list_deliveries(settings: Settings, given: argparse.Namespace) -> int:
    """Print deliveries, newest first."""
    base = assembly.found(settings)
    state = DeliveryState(given.state) if given.state else None
    rows = [_row(one) for one in base.store.deliveries(state=state, limit=given.limit)]
    empty = f"No delivery is {state}." if state else "Nothing is to be delivered."
    show(rows, as_json=given.json, empty=empty)
    if not settings.smtp_url:
        print("GATEWAY_SMTP_URL is not set: mail waits.", file=sys.stderr)
    base.close()
    return 0


def _row(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "created": delivery.created.astimezone().isoformat(sep=" ", timespec="seconds"),
        "recipient": delivery.recipient or "nobody known",
        "what": f"{delivery.focus}/_history/{delivery.focus_version}",
        "reason": delivery.reason,
        "channel": delivery.channel,
        "state": delivery.state.value,
        "receipt": delivery.receipt,
        "attempts": delivery.attempts,
        "why": delivery.last_error,
    }


def show_delivery(settings: Settings, given: argparse.Namespace) -> int:
    """Print one delivery, a line a fact."""
    base = assembly.found(settings)
    delivery = _delivery(base, given.id)
    facts = _row(delivery) | {
        "reason": delivery.reason,
        "next attempt": delivery.next_attempt.astimezone().isoformat(sep=" ", timespec="seconds"),
        "failure": delivery.failure,
        "message id": delivery.message_id,
        "sent": delivery.sent.astimezone().isoformat(sep=" ") if delivery.sent else "",
    }
    for name, value in facts.items():
        print(f"{name:<13} {value}")
    base.close()
    return 0


def retry_deliveries(settings: Settings, given: argparse.Namespace) -> int:
    """Let the worker try again at once; what was sent stays sent."""
    base = assembly.found(settings)
    for delivery_id in given.id:
        name = _delivery(base, delivery_id).id
        with base.store.transaction() as tx:
            # Asked here: a worker may be sending it, or have sent it, a moment after any look.
            again = _again(tx, name)
        print(f"{delivery_id}: {again.state.value}")
    base.close()
    return 0


def _again(tx: Transaction, delivery_id: str) -> Delivery:
    held = tx.delivery(delivery_id)
    if held is None or held.state in _UNDER_WAY:
        said = "sent already" if held and held.state is DeliveryState.SENT else "being sent now"
        message = f"{delivery_id} is {said}."
        raise Conflict(message)
    again = retried(held, assembly.now())
    tx.update_delivery(again)
    return again


def list_destinations(settings: Settings, given: argparse.Namespace) -> int:
    """Print the destinations, and how many deliveries of each are in which state."""
    base = assembly.found(settings)
    destinations = _destinations(settings)
    held = paused(base.store, destinations)
    counts = Counter(
        (one.recipient, one.state)
        for state in (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.REFUSED)
        for one in base.store.deliveries(state=state, limit=_ALL)
    )
    rows: list[dict[str, object]] = [
        {
            "name": endpoint_id(one),
            "address": f"{one.host}:{one.port}",
            "state": "paused" if endpoint_id(one) in held else "active",
            "waiting": counts[_recipient(one), DeliveryState.WAITING]
            + counts[_recipient(one), DeliveryState.SENDING],
            "refused": counts[_recipient(one), DeliveryState.REFUSED],
        }
        for one in destinations
    ]
    show(rows, as_json=given.json, empty="gateway.toml names no destination.")
    base.close()
    return 0


def _destinations(settings: Settings) -> tuple[Receiver, ...]:
    peers = settings.peers
    return (*peers.destinations, *peers.dicom_destinations)


def _recipient(destination: Receiver) -> str:
    return f"{RECIPIENT}{endpoint_id(destination)}"


def pause_destination(settings: Settings, given: argparse.Namespace) -> int:
    """Hold back what is for a destination; what is being sent just now still goes."""
    return _switch(settings, given.name, hold=True)


def resume_destination(settings: Settings, given: argparse.Namespace) -> int:
    """Let go what was held back, in its order."""
    return _switch(settings, given.name, hold=False)


def _switch(settings: Settings, names: list[str], *, hold: bool) -> int:
    destinations = [named(_destinations(settings), name) for name in names]
    base = assembly.found(settings)
    for one in destinations:
        suspend(base.store, one, paused=hold)
        print(f"{endpoint_id(one)}: {'paused' if hold else 'active'}")
    base.close()
    return 0


def _delivery(base: assembly.Foundation, delivery_id: str) -> Delivery:
    delivery = base.store.delivery(delivery_id)
    if delivery is None:
        message = f"There is no delivery {delivery_id}."
        raise NotFound(message)
    return delivery
