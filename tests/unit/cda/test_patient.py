from __future__ import annotations

import pytest

from gateway.cda.header import InstanceIdentifier
from gateway.cda.patient import patient_identifiers

ROLE = """<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3"/>
<!-- <patientRole><id root="9.9.9"/><patient/></patientRole> -->
<recordTarget><patientRole classCode="PAT">
  <id extension="279035121518989" root="1.2.250.1.213.1.4.10"/>
  <id root='1.2.3.4' extension='A&amp;B'></id>
  <addr/><patient><id root="5.5.5"/></patient>
</patientRole></recordTarget></ClinicalDocument>"""


@pytest.mark.parametrize("prefix", ["", "h:"])
def test_the_identifiers_of_the_patient_are_read(prefix: str) -> None:
    content = ROLE.replace("<id", f"<{prefix}id").replace("<patient", f"<{prefix}patient")
    assert patient_identifiers(content.encode()) == (
        InstanceIdentifier("1.2.250.1.213.1.4.10", "279035121518989"),
        InstanceIdentifier("1.2.3.4", "A&B"),
    )


def test_what_says_nothing_of_a_patient_names_none() -> None:
    assert patient_identifiers(b"%PDF-1.4") == ()


def test_a_role_of_nothing_but_numbers_is_read_to_its_end() -> None:
    role = b'<patientRole><id root="1.2" extension="3"/></patientRole><author><id root="4.5"/>'
    assert patient_identifiers(role) == (InstanceIdentifier("1.2", "3"),)
