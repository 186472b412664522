from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Invalid
from tests.unit.mapping.hl7v2.conftest import CONTEXT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map, Result

INS = "279035121518989"
GUIDE = "2.1^CISIS_CDA_HL7_V2"
ABSENT = "The CDA document does not hold the INS of the patient."
OTHER = "The INS of the CDA document is not that of PID-3."
INCOMPLETE = "The INS of the CDA document is incomplete."
SAME_ID = f'<id extension="{INS}" root="1.2.250.1.213.1.4.10"/>'
OTHER_ID = '<id extension="277076322082910" root="1.2.250.1.213.1.4.8"/>'
HALF_ID = '<id root="1.2.250.1.213.1.4.10"/>'
LOCAL_ID = '<id extension="7" root="1.2.250.1.999.1"/>'


def sent(
    map_lines: Map, ids: str, *, reliability: str = "VALI", guide: str = GUIDE, strict: bool = False
) -> Result:
    cda = (
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.250.1.999.7.82"/>'
        f"<recordTarget><patientRole>{ids}<patient/></patientRole></recordTarget>"
        "</ClinicalDocument>"
    )
    return map_lines(
        "MDM^T02^MDM_T02",
        f"PID|1||{INS}^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS~IPP42^^^C&1.2.3&ISO^PI"
        f"||DURAND^Louise{'|' * 27}{reliability}",
        "ORC|NW|",
        "OBR|1|||18748-4^CR d'imagerie médicale^LN|",
        "TXA|1|18748-4|TEXT|202603051425||||||||1.2.250.1.999.7.82|||||AU",
        "OBX|1|ED|18748-4^CR d'imagerie médicale^LN||^text^XML^Base64^"
        f"{b64encode(cda.encode()).decode()}||||||F|",
        guide=guide,
        context=replace(CONTEXT, strict_flags=strict),
    )


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (SAME_ID, []),
        (LOCAL_ID + SAME_ID, []),
        (LOCAL_ID, [ABSENT]),
        ("", [ABSENT]),
        (OTHER_ID, [OTHER]),
        (HALF_ID, [INCOMPLETE]),
    ],
    ids=["the same", "among others", "none", "nothing", "another", "half"],
)
def test_a_document_of_another_patient_is_told(map_lines: Map, ids: str, told: list[str]) -> None:
    texts = sent(map_lines, ids).texts("warning")
    assert [text for text in texts if "INS of the" in text] == told


@pytest.mark.parametrize(
    ("ids", "code"),
    [(LOCAL_ID, "903"), (OTHER_ID, "904"), (HALF_ID, "905")],
    ids=["none", "another", "half"],
)
def test_a_strict_site_refuses_it_with_the_code_of_the_guide(
    map_lines: Map, ids: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        sent(map_lines, ids, strict=True)
    assert [(one.err_code, one.location) for one in caught.value.issues] == [(code, "OBX^1^5")]


def test_an_ins_that_does_not_count_is_not_compared(map_lines: Map) -> None:
    assert OTHER not in sent(map_lines, OTHER_ID, reliability="PROV").texts("warning")


def test_only_the_document_guides_ask_for_it(map_lines: Map) -> None:
    assert OTHER not in sent(map_lines, OTHER_ID, guide="").texts("warning")
