"""Which objects an address means: held, not rejected, and not hidden from the caller."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from gateway.dicomweb.call import require_uid
from gateway.errors import NotFound
from gateway.store.instances import held_instances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.dicomweb.call import Call
    from gateway.store.instances import HeldInstance

# Of the French DRIM-M circuit: the manifest that the caller found the address in.
_MANIFEST: Final = "kos-sopinstanceuid"


def held(call: Call) -> list[HeldInstance]:
    """Return the objects that the address of a call means, at least one; raises `NotFound`.

    What is hidden is answered as what is not there: that it exists is told to nobody.
    """
    found = held_or_none(call)
    if not found:
        raise NotFound(_nothing(call))
    _require_manifest(call)
    return found


def held_or_none(call: Call) -> list[HeldInstance]:
    """Return the objects that the address of a call means, or nothing."""
    if not call.ports.visible([call.study]):
        return []
    found = held_instances(call.ports.store, call.study, call.instance)
    return [one for one in found if call.series in ("", one.series_uid)]


def etag_of(instances: Iterable[HeldInstance], *more: str) -> str:
    """Return the entity tag of what is made of these objects."""
    digest = hashlib.sha256("\n".join(more).encode())
    for one in instances:
        digest.update(one.object.encode())
    return f'"{digest.hexdigest()[:32]}"'


def is_known(call: Call, etag: str) -> bool:
    """Whether the caller holds that already (RFC 9110 section 13.1.2)."""
    said = call.headers.get("if-none-match", "")
    return said.strip() == "*" or etag in [
        one.strip().removeprefix("W/") for one in said.split(",")
    ]


def _require_manifest(call: Call) -> None:
    uid = call.headers.get(_MANIFEST, "").strip()
    if not uid:
        return
    require_uid(uid, "KOS-SOPInstanceUID")
    if not held_instances(call.ports.store, call.study, uid):
        message = "The manifest that KOS-SOPInstanceUID names is not here."
        raise NotFound(message)


def _nothing(call: Call) -> str:
    what = "instance" if call.instance else "series" if call.series else "study"
    return f"There is no such {what} here."
