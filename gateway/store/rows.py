"""Rows to values and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway.store.content import with_visible_nul
from gateway.store.records import (
    Delivery,
    DeliveryState,
    Instance,
    Stored,
    from_micros,
    to_micros,
)
from gateway.store.statements import DELIVERY, INSTANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.errors import Issue
    from gateway.store.records import JournalEntry

# Columns and fields have the same names.
DELIVERY_NAMES: Final = tuple(DELIVERY.c.keys())
INSTANCE_NAMES: Final = tuple(INSTANCE.c.keys())


def stored(row: Sequence[Any]) -> Stored:
    """Return the version that a row of `CURRENT_COLUMNS` holds."""
    resource_type, resource_id, version, seq, updated, method, content, rid, digest = row
    return Stored(
        resource_type,
        resource_id,
        version,
        seq,
        from_micros(updated),
        method,
        bytes(content),
        rid,
        bytes(digest),
    )


def journal_values(entry: JournalEntry) -> dict[str, Any]:
    """Return the column values of a journal entry."""
    values = {
        "id": entry.id,
        "received": to_micros(entry.received),
        "door": entry.door,
        "peer": entry.peer,
        "sender": entry.sender,
        "kind": entry.kind,
        "control_id": entry.control_id,
        "digest": entry.digest,
        "size": entry.size,
        "state": entry.state.value,
        "answer": entry.answer,
        "mapped": entry.mapped,
        "took": entry.took,
        "replay_of": entry.replay_of,
        "issues": issues_json(entry.issues),
        "resources": orjson.dumps(entry.resources),
        "reply": entry.reply,
        "object": entry.object,
        "raw": entry.raw,
    }
    return with_visible_nul(values)


def issues_json(issues: Sequence[Issue]) -> bytes:
    """Return issues as a JSON list."""
    return orjson.dumps([asdict(issue) for issue in issues]) if issues else b"[]"


def delivery_values(delivery: Delivery) -> dict[str, Any]:
    """Return the column values of a delivery."""
    given = {name: getattr(delivery, name) for name in DELIVERY_NAMES}
    given["state"] = delivery.state.value
    given["created"] = to_micros(delivery.created)
    given["next_attempt"] = to_micros(delivery.next_attempt)
    given["sent"] = None if delivery.sent is None else to_micros(delivery.sent)
    return with_visible_nul(given)


def delivery(row: Sequence[Any]) -> Delivery:
    """Return the delivery that a row holds."""
    given = dict(zip(DELIVERY.c.keys(), row, strict=True))
    given["state"] = DeliveryState(given["state"])
    given["created"] = from_micros(given["created"])
    given["next_attempt"] = from_micros(given["next_attempt"])
    given["sent"] = None if given["sent"] is None else from_micros(given["sent"])
    return Delivery(**given)


def instance_values(instance: Instance) -> dict[str, Any]:
    """Return the column values of an instance."""
    given = {name: getattr(instance, name) for name in INSTANCE_NAMES}
    given["received"] = to_micros(instance.received)
    given["aside"] = int(instance.aside)
    return with_visible_nul(given)


def instance(row: Sequence[Any]) -> Instance:
    """Return the instance that a row holds."""
    given = dict(zip(INSTANCE.c.keys(), row, strict=True))
    given["received"] = from_micros(given["received"])
    given["aside"] = bool(given["aside"])
    given["header"] = bytes(given["header"])
    return Instance(**given)
