"""Other readers take what is written: python-hl7 all of it, hl7apy what its structures know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hl7
import pytest

from gateway.errors import Unsupported
from gateway.hl7v2.conformance import validate
from gateway.mapping.receipts import BusinessAcknowledgement, Receipt, receipt_communication
from gateway.mapping.to_hl7v2 import Profile, Target
from gateway.mapping.to_hl7v2.messages import MESSAGES
from tests.unit.mapping.to_hl7v2.conftest import ORDER, PATIENT, World, lines
from tests.unit.mapping.to_hl7v2.test_mdm import DOCUMENT
from tests.unit.mapping.to_hl7v2.test_oru import HEIGHT, REPORT
from tests.unit.mapping.to_hl7v2.test_siu import APPOINTMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

GONE = {
    **PATIENT,
    "id": "gone",
    "identifier": [{"system": "urn:oid:1.2.250.1.999.1", "value": "IPP41"}],
    "link": [{"type": "replaced-by", "other": {"reference": "Patient/pat-trois"}}],
}
MESSAGES_OF = "urn:passerelle:message:X:Y"
STANDARD = Target(application="X", facility="Y", version="2.5.1", country="")
RESOURCES: dict[str, dict[str, Any]] = {
    "ServiceRequest": ORDER,
    "Patient": PATIENT,
    "Appointment": APPOINTMENT,
    "DiagnosticReport": REPORT,
    "DocumentReference": DOCUMENT,
}
RECEIPTS = {
    kind.value: receipt_communication(
        BusinessAcknowledgement(kind, "015", mailbox="bal@medecin.mssante.fr"), MESSAGES_OF, None
    )
    for kind in Receipt
}
# What hl7apy makes of the choice of segments in ORM^O01: it wants all of them.
_CHOICE = ("RQD", "RQ1", "RXO", "ODS", "ODT")


def written() -> Iterator[tuple[str, str, Target]]:
    for kind, event in MESSAGES:
        yield kind, event, STANDARD
        if kind == "ServiceRequest":
            yield kind, event, Target(application="X", order_message="OMI^O23")
            yield kind, event, Target(application="X", version="2.5")
            if event != "XO":
                yield kind, event, Target(application="X", facility="Y", profile=Profile.TLR)
        if kind == "Patient":
            yield kind, event, Target(application="X", version="2.5", profile=Profile.PAM_FR)
        if kind == "DocumentReference" and event != "T08":
            for profile in (Profile.LPS, Profile.CDA):
                target = Target(application="X", facility="Y", version="2.6", profile=profile)
                yield kind, event, target


@pytest.fixture
def all_of_it(world: World) -> World:
    world.objects["Binary/pdf"] = b"%PDF-1.4"
    return world.put(HEIGHT)


@pytest.mark.parametrize(("kind", "event", "target"), list(written()))
def test_what_is_written_conforms_to_the_standard(
    all_of_it: World, kind: str, event: str, target: Target
) -> None:
    resource = GONE if event == "A40" else RECEIPTS.get(event) or RESOURCES[kind]
    raw = all_of_it.write(event, resource, target, GONE if event == "A47" else None)
    findings = [
        one.text
        for one in validate(raw).findings
        if one.severity == "error" and not one.text.endswith(_CHOICE)
    ]
    assert findings == []
    read = hl7.parse(raw.decode())
    assert [str(segment[0]) for segment in read] == [line[:3] for line in lines(raw)]
    assert str(read.segment("MSH")[10]) == "M1"


def test_what_has_no_row_is_refused(world: World) -> None:
    with pytest.raises(Unsupported):
        world.write("A99", PATIENT)


def test_the_enhanced_mode_asks_for_a_commit_and_nothing_after(world: World) -> None:
    target = Target(application="X", enhanced=True)
    assert lines(world.write("NW", ORDER, target))[0].split("|")[14:16] == ["AL", "NE"]
