"""ZDS, additional identification (IHE RAD-4 with HL7 v2.3.1): ZDS-1.1 is the Study Instance UID."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.groups import OrderGroup


def zds_study_uid(group: OrderGroup) -> str:
    """Return the Study Instance UID, empty when there is none."""
    return next((uid for zds in group.zds if (uid := zds.text(1))), "")
