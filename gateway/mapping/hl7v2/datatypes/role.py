"""A practitioner who acts for an organization: a PractitionerRole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, reference, stable_id
from gateway.mapping.entry import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.mapping.hl7v2.gathering import Gathering

# The gateway's own: no authority numbers the pair of a person and a structure in v2.
ROLE_SYSTEM: Final = "urn:passerelle:practitioner-role"


def practitioner_role(
    practitioner: Element | None,
    organization: Element | None,
    gathering: Gathering,
    telecom: Sequence[Element] = (),
) -> Element | None:
    """Return a reference to the role, or to the person or organization known alone.

    A role is mentioned only when both are resources of their own.
    """
    if not practitioner or "reference" not in practitioner:
        return practitioner or organization
    if not organization or "reference" not in organization:
        return practitioner
    value = stable_id("PractitionerRole", practitioner["reference"], organization["reference"])
    resource: Element = {
        "resourceType": "PractitionerRole",
        "identifier": [{"system": ROLE_SYSTEM, "value": value}],
        "practitioner": practitioner,
        "organization": organization,
    }
    if telecom:
        resource["telecom"] = list(telecom)
    url = gathering.mention(resource, [Key(ROLE_SYSTEM, value)])
    names = (practitioner.get("display"), organization.get("display"))
    return reference(url, display=", ".join(name for name in names if name) or None)
