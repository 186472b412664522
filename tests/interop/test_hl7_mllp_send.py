"""python-hl7 sends the French sample messages; what each one changes is asserted as a whole.

`expected/<guide>/<message>.json` holds every resource that the message created or changed, read
back over FHIR, without the version and the time that the store stamps on it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.interop.peers import held, mllp_send, search, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.process import GatewayProcess
    from tests.interop.conftest import Start

_SHARED: Final = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
_CORPUS: Final = _SHARED / "corpus" / "hl7v2"
pytestmark = pytest.mark.skipif(
    not _CORPUS.is_dir(), reason="the corpus is not here (GATEWAY_SHARED)"
)
EXPECTED: Final = Path(__file__).parent / "expected"
REUSED: Final = "This control id has been used for another message: both were processed."
NOT_TO_PATIENT: Final = "The document is not sent to the patient: it may be another's."
OTHER_INS: Final = "The INS of the CDA document is not that of PID-3."
NOT_XML: Final = "OBX-5 says XML and holds something else."
# Each sequence goes to a gateway that holds nothing: (name here, end of the file's name, what the
# acknowledgement says besides AA). The samples of one guide all have the control id 015.
SEQUENCES: Final = {
    "teleradiologie": (
        ("1-demande", "flux1_ORM_O01_NW_transmission_demande.hl7", ()),
        (
            "3-protocole",
            "flux3_ORU_R01_OK_reponse_protocole.hl7",
            ("OBX-5 is not the base64 or hexadecimal that it says: kept as it came.",),
        ),
        ("4-complement", "flux4_OMI_O23_SR_complement_post_acte.hl7", ()),
    ),
    "teleradiologie-annulation": (
        ("1-demande", "flux1_ORM_O01_NW_transmission_demande.hl7", ()),
        ("2-annulation", "flux2_ORM_O01_CA_annulation.hl7", ()),
    ),
    "cda-mdm": (
        (
            "1-initial",
            "V2.1__MDM__Transmission_initiale_MDM__message_MDM_CR_Radio_INIT_N1_Base64.er7",
            (),
        ),
        (
            "2-remplacement",
            "V2.1__MDM__Remplacement_MDM__message_MDM_CR_Radio_RPLC_N1.er7",
            (REUSED,),
        ),
        ("3-suppression", "V2.1__MDM__Suppression_MDM__message_MDM_CR_Radio_DEL_N1.er7", (REUSED,)),
    ),
    "cda-mdm-texte": (
        (
            "1-initial",
            "V2.1__MDM__Transmission_initiale_MDM__message_MDM_CR_Radio_INIT_N1.er7",
            (NOT_XML,),
        ),
    ),
    "lps-mdm": (
        # Its MSH-6 is another facility's: no other message has its sender and control id.
        ("1-initial", "__message_MDM__LPS_MSS_CR_Radio_INIT_N1_Base64.er7", ()),
        ("2-remplacement", "__message_MDM__LPS_MSS_CR_Radio_RPLC_N1.er7", (REUSED,)),
        ("3-suppression", "__message_MDM__LPS_MSS_CR_Radio_DEL_N1.er7", (REUSED,)),
    ),
    "lps-mdm-texte": (("1-initial", "__message_MDM__LPS_MSS_CR_Radio_INIT_N1.er7", (NOT_XML,)),),
    "cda-oru": (
        ("1-initial", "__message_ORU_CR_Bio_INIT_N3_SEGUR.hl7", ()),
        ("2-remplacement", "__message_ORU_CR_Bio_RPLC_N3_SEGUR.hl7", (REUSED,)),
        (
            "3-suppression",
            "__message_ORU_CR_Bio_DEL_N3_SEGUR.hl7",
            (REUSED, OTHER_INS, NOT_TO_PATIENT),
        ),
    ),
    "pam-fr": (
        ("1-oui-oui", "__ConsentementConsultation_NonOppositionAlimentation.er7", ()),
        ("2-non-oui", "__NonConsentementConsultation_NonOppositionAlimentation.er7", ()),
    ),
}
# What the guides send as answers and the header alone that one of them shows are no messages to us.
REFUSED: Final = {
    "ack_example_0.hl7": ("PID", "101", "The message has no PID segment."),
    "ack_example_1.hl7": ("MSH^1^9", "200", "Messages of type ACK are not received here."),
    "ack_example_2.hl7": ("MSH^1^9", "200", "Messages of type ACK are not received here."),
    "TRANSMISSION_DOCS_CDA_EN_HL7V2_V2.1__MDM__Remplacement_MDM__ack.er7": (
        "MSH^1^9",
        "200",
        "Messages of type ACK are not received here.",
    ),
}


def message_file(ending: str) -> Path:
    guides = ("fr_ans_teleradiologie", "fr_ans_hl7v2_exemples")
    found = [path for guide in guides for path in (_CORPUS / guide).iterdir()]
    (path,) = (one for one in found if one.name.endswith(ending))
    return path


def answer_of(segments: list[list[str]]) -> tuple[str, tuple[str, ...]]:
    """Return the acknowledgement code and what its ERR segments say."""
    (msa,) = (one for one in segments if one[0] == "MSA")
    return msa[1], tuple(one[8] for one in segments if one[0] == "ERR")


@pytest.fixture(scope="module")
def own_gateway(start: Start) -> Iterator[GatewayProcess]:
    with start() as gateway:
        yield gateway


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_each_message_changes_what_its_guide_says_and_nothing_else(
    sequence: str, start: Start
) -> None:
    with start() as gateway:
        before: dict[str, str] = {}
        for name, ending, told in SEQUENCES[sequence]:
            answer = mllp_send(gateway, message_file(ending))
            assert answer_of(answer) == ("AA", told)
            expected = json.loads((EXPECTED / sequence / f"{name}.json").read_text("utf-8"))
            now = versions(gateway)
            changed = {one for one in now if before.get(one) != now[one]}
            found = held(gateway)
            assert {one: found[one] for one in sorted(changed)} == expected, name
            before = now


@pytest.mark.parametrize("ending", REFUSED)
def test_what_is_no_message_of_this_path_is_refused_and_changes_nothing(
    ending: str, own_gateway: GatewayProcess
) -> None:
    segments = mllp_send(own_gateway, message_file(ending))
    (error,) = (one for one in segments if one[0] == "ERR")
    location, code, text = REFUSED[ending]
    assert answer_of(segments) == ("AE", (text,))
    assert (error[2], error[3].split("^")[0], error[4]) == (location, code, "E")
    assert held(own_gateway) == {}


def states(gateway: GatewayProcess) -> tuple[dict[str, str], list[str]]:
    """Return the status of each document by the end of its number, and that of the reports."""
    documents = {
        one["masterIdentifier"]["value"][-2:]: one["status"]
        for one in search(gateway, "DocumentReference", type="http://loinc.org|18748-4")
    }
    reports = search(gateway, "DiagnosticReport", code="http://loinc.org|18748-4")
    return documents, [one["status"] for one in reports]


@pytest.mark.parametrize("sequence", ["cda-mdm", "lps-mdm"])
def test_a_french_document_is_transmitted_replaced_and_withdrawn(
    sequence: str, start: Start
) -> None:
    initial, replacement, withdrawal = (ending for _, ending, _ in SEQUENCES[sequence])
    with start() as gateway:
        mllp_send(gateway, message_file(initial))
        assert states(gateway) == ({"81": "current"}, ["final"])
        mllp_send(gateway, message_file(replacement))
        assert states(gateway) == ({"81": "superseded", "82": "current"}, ["corrected"])
        mllp_send(gateway, message_file(withdrawal))
        assert states(gateway) == ({"81": "superseded", "82": "entered-in-error"}, ["cancelled"])
        seen = versions(gateway)
        for ending in (withdrawal, replacement, initial):
            code, _ = answer_of(mllp_send(gateway, message_file(ending)))
            assert code == "AA"
        assert versions(gateway) == seen


def test_the_order_of_the_teleradiology_flows_is_found_by_every_number(start: Start) -> None:
    with start() as gateway:
        for _, ending, _ in SEQUENCES["teleradiologie"]:
            mllp_send(gateway, message_file(ending))
        (order,) = search(
            gateway, "ServiceRequest", identifier="urn:oid:1.2.250.1.748.12345678.12|OPN101"
        )
        by_accession = search(
            gateway, "ServiceRequest", identifier="urn:oid:1.2.250.1.925.994044.27|ACN101"
        )
        studies = search(gateway, "ImagingStudy", basedon=f"ServiceRequest/{order['id']}")
        patients = search(
            gateway, "Patient", identifier="urn:oid:1.2.250.1.213.1.4.10|279035121518989"
        )
        assert by_accession == [order]
        assert [study["basedOn"] for study in studies] == [
            [{"reference": f"ServiceRequest/{order['id']}"}]
        ]
        assert [f"Patient/{one['id']}" for one in patients] == [order["subject"]["reference"]]
