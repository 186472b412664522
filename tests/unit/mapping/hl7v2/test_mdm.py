from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Key, Link, LinkKind, Recipient, Write
from gateway.mapping.hl7v2 import Context
from gateway.mapping.hl7v2.faults import FlagsNotAllowed
from tests.unit.mapping.hl7v2.conftest import PATIENT

if TYPE_CHECKING:
    from tests.unit.mapping.hl7v2.conftest import Map, Result

CDA = """<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:ps3="urn:x">
<typeId root="2.16.840.1.113883.1.3"/><!-- <id root="9.9"/> -->
<id root="1.2.250.1.999.7.82"/><title>Radio de hanche &amp; bassin</title>
<confidentialityCode code="R"/><setId root="1.2.250.1.999.7.8"/>
<inFulfillmentOf><order><id extension="DEM-1" root="1.2.250.1.999.2"/>
<ps3:accessionNumber extension="ACC-7" root="1.2.250.1.999.4"/></order></inFulfillmentOf>
<serviceEvent><id extension="studyInstanceUID" root="1.2.250.1.999.3.77"/></serviceEvent>
<component><nonXMLBody><id root="0.0.0"/></nonXMLBody></component></ClinicalDocument>"""
SENDER = (
    "PRT||UC||SB^^participation|810000023084^AGNES^Isabelle^^^^^^"
    "ASIP-SANTE- PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS|||Centre A^^^^^"
    "ASIP-SANTE-ST&1.2.250.1.71.4.2.2&ISO^FINEG^^^750712184"
)
TO_PHYSICIAN = (
    "PRT||UC||RCT|810002909371^MARTIN^Paul^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    "||||||||||^NET^X.400^paul.martin@test.mssante.fr"
)
TO_PATIENT = (
    "PRT||UC||RCT|279035121518989^X^Y^^^^^^1.2.250.1.213.1.4.10^L^^^INS"
    "||||||||||^^X.400^279035121518989@patient.mssante.fr"
)
GUIDE = "2.1^CISIS_CDA_HL7_V2"
CHILD = Key("urn:ietf:rfc:3986", "urn:oid:1.2.250.1.999.7.82")
PARENT = Key("urn:ietf:rfc:3986", "urn:oid:1.2.250.1.999.7.81")


def flag(name: str, value: str) -> str:
    return f"OBX|2|CWE|{name}^x^MetaDMPMSS||{value}^^expandedYes-NoIndicator||||||F|"


ALL_FLAGS = (
    "MASQUE_PS",
    "INVISIBLE_PATIENT",
    "INVISIBLE_REP_LEGAUX",
    "CONNEXION_SECRETE",
    "MODIF_CONF_CODE",
    "DESTDMP",
    "DESTMSSANTEPS",
    "DESTMSSANTEPAT",
    "ACK_RECEPTION",
    "ACK_LECTURE_MSS",
)


def flagged(values: dict[str, str]) -> list[str]:
    """Return all flags in their order; those that are not named are N."""
    return [flag(name, values.get(name, "N")) for name in ALL_FLAGS]


def transmitted(
    map_lines: Map,
    event: str,
    control: str,
    *more: str,
    parent: str = "",
    patient: str = PATIENT,
) -> Result:
    state = {"NW": "F", "RO": "C", "CA": "D"}[control]
    content = b64encode(CDA.encode()).decode()
    return map_lines(
        f"MDM^{event}^MDM_T02",
        patient,
        f"ORC|{control}|",
        "OBR|1|||18748-4^CR d'imagerie médicale^LN|",
        f"TXA|1|18748-4|TEXT|202603051425||||||||1.2.250.1.999.7.82|{parent}||||AU|||||"
        "810000023084",
        f"OBX|1|ED|18748-4^CR d'imagerie médicale^LN||^text^XML^Base64^{content}||||||{state}|",
        *more,
        guide=GUIDE,
    )


def test_a_french_document_becomes_a_document_and_a_report_of_the_same_content(
    map_lines: Map,
) -> None:
    result = transmitted(map_lines, "T02", "NW", SENDER, TO_PHYSICIAN, flag("MASQUE_PS", "N"))

    document, report = result.one("DocumentReference"), result.one("DiagnosticReport")
    assert document["masterIdentifier"] == {"system": CHILD.system, "value": CHILD.value}
    assert (document["status"], document["docStatus"]) == ("current", "final")
    assert document["description"] == "Radio de hanche & bassin"
    assert document["content"][0]["attachment"] == report["presentedForm"][0]
    assert document["content"][0]["attachment"]["contentType"] == "text/xml"
    assert document["author"] == report["resultsInterpreter"]
    assert document["authenticator"] == {"reference": result.url("Practitioner")}
    assert document["custodian"] == {
        "reference": result.url("Organization"),
        "display": "Centre A",
    }
    assert [label["coding"][0]["code"] for label in document["securityLabel"]] == ["R"]
    assert report["status"] == "final"
    assert report["imagingStudy"] == [{"reference": result.url("ImagingStudy")}]
    assert result.entries("DiagnosticReport")[0].keys == (CHILD,)
    assert result.mapped.links == (
        Link(LinkKind.ACCESSION, "urn:oid:1.2.250.1.999.4", "ACC-7"),
        Link(LinkKind.PLACER, "urn:oid:1.2.250.1.999.2", "DEM-1"),
        Link(LinkKind.STUDY, "urn:dicom:uid", "urn:oid:1.2.250.1.999.3.77"),
    )
    assert result.mapped.recipients == (
        Recipient(
            result.entries("Practitioner")[1].full_url,
            "paul.martin@test.mssante.fr",
            "practitioner",
        ),
    )


def test_a_replacement_corrects_the_report_of_the_document_it_replaces(map_lines: Map) -> None:
    result = transmitted(map_lines, "T10", "RO", parent="1.2.250.1.999.7.81")

    document = result.one("DocumentReference")
    assert document["relatesTo"] == [
        {
            "code": "replaces",
            "target": {
                "type": "DocumentReference",
                "identifier": {"system": PARENT.system, "value": PARENT.value},
            },
        }
    ]
    (report,) = result.entries("DiagnosticReport")
    assert report.resource["status"] == "corrected"
    assert report.keys == (PARENT, CHILD)
    first = transmitted(map_lines, "T02", "NW").entries("DiagnosticReport")[0]
    assert first.keys == (CHILD,)


def test_a_withdrawal_cancels_the_report_and_marks_the_document(map_lines: Map) -> None:
    result = transmitted(map_lines, "T04", "CA")

    document = result.one("DocumentReference")
    assert (document["status"], document["docStatus"]) == ("entered-in-error",) * 2
    assert result.one("DiagnosticReport")["status"] == "cancelled"


def test_flags_become_labels_and_the_unknown_ones_are_reported(map_lines: Map) -> None:
    flags = (
        flag("MASQUE_PS", "Y"),
        flag("INVISIBLE_PATIENT", "Y"),
        flag("INVISIBLE_REP_LEGAUX", "Y"),
        flag("DESTDMP", "Y"),
    )

    result = transmitted(map_lines, "T02", "NW", *flags)

    labels = result.one("DocumentReference")["securityLabel"]
    assert [label["coding"][0]["code"] for label in labels] == [
        "R",
        "MASQUE_PS",
        "INVISIBLE_PATIENT",
        "INVISIBLE_REPRESENTANTS_LEGAUX",
    ]
    assert "The flags DESTDMP are kept in the journal, not mapped." in result.texts("information")


@pytest.mark.parametrize(
    ("physicians", "patient", "hidden", "kinds"),
    [
        ("Y", "Y", "N", ["practitioner", "patient"]),
        ("Y", "Y", "Y", ["practitioner"]),
        ("Y", "N", "N", ["practitioner"]),
        ("N", "Y", "N", ["patient"]),
    ],
)
@pytest.mark.parametrize("named", [[TO_PHYSICIAN, TO_PATIENT], [TO_PHYSICIAN]])
def test_the_flags_say_who_may_receive(  # noqa: PLR0913, PLR0917 - the columns of the table
    map_lines: Map, named: list[str], physicians: str, patient: str, hidden: str, kinds: list[str]
) -> None:
    flags = {
        "DESTMSSANTEPS": physicians,
        "DESTMSSANTEPAT": patient,
        "INVISIBLE_PATIENT": hidden,
    }
    result = transmitted(map_lines, "T02", "NW", *named, *flagged(flags))

    assert [recipient.kind for recipient in result.mapped.recipients] == kinds
    copies = result.one("DiagnosticReport")["extension"]
    assert [one["valueReference"]["reference"] for one in copies] == [
        one.full_url for one in result.mapped.recipients
    ]


@pytest.mark.parametrize("other", ["CONNEXION_SECRETE", "DESTDMP"])
def test_a_combination_that_the_guide_has_not_is_not_sent_to_the_patient(
    map_lines: Map, other: str
) -> None:
    flags = flagged({"DESTMSSANTEPAT": "Y", other: "Y"})

    result = transmitted(map_lines, "T02", "NW", TO_PATIENT, *flags)

    assert result.mapped.recipients == ()
    told = "The document is not sent to the patient: other flags forbid it."
    assert told in result.texts("warning")


def test_a_document_of_another_patient_is_not_sent_to_the_one_of_the_message(
    map_lines: Map,
) -> None:
    flags = flagged({"DESTMSSANTEPAT": "Y"})
    ins = "279035121518989^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"
    qualified = f"PID|1||{ins}||PAT-TROIS^DOMINIQUE^^^^^L|||F" + "|" * 24 + "VALI"

    result = transmitted(map_lines, "T02", "NW", TO_PATIENT, *flags, patient=qualified)

    assert result.mapped.recipients == ()
    told = "The document is not sent to the patient: it may be another's."
    assert told in result.texts("warning")


def test_a_patient_who_is_asked_not_to_answer_is_told_in_the_document(map_lines: Map) -> None:
    asked = "NTE|1|||FIN"
    flags = flagged({"DESTMSSANTEPAT": "Y"})

    result = transmitted(map_lines, "T02", "NW", *flags[:8], asked, *flags[8:])

    assert result.one("DocumentReference")["meta"]["tag"] == [
        {"system": "urn:passerelle:reply", "code": "FIN"}
    ]


def test_a_document_that_is_no_imaging_report_is_a_document_only(map_lines: Map) -> None:
    result = map_lines(
        "MDM^T02",
        PATIENT,
        "TXA|1|DS|TX||810000023084^A^B^^^^^^ASIP-SANTE-PS|202603051400||||||D7^CABINET|||||PA",
        "OBX|1|TX|DS^Lettre^L||Cher confrère,||||||F",
        "OBX|2|TX|DS^Lettre^L||merci.||||||F",
    )

    assert not result.entries("DiagnosticReport")
    document = result.one("DocumentReference")
    assert document["docStatus"] == "preliminary"
    assert document["type"] == {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0270", "code": "DS"}]
    }
    assert [one.content for one in result.mapped.objects] == ["Cher confrère,\nmerci.".encode()]


def test_a_document_without_number_is_refused(map_lines: Map) -> None:
    with pytest.raises(RequiredMissing) as caught:
        map_lines("MDM^T02", PATIENT, "TXA|1|DS|TX")

    assert caught.value.issues[0].location == "TXA^1^12"


def test_a_document_without_content_is_kept_with_a_warning(map_lines: Map) -> None:
    result = map_lines("MDM^T02", PATIENT, "TXA|1|DS|TX|||||||||D7^CABINET|||||AU")

    assert result.one("DocumentReference")["content"] == [
        {"attachment": {"title": "Document sans contenu"}}
    ]
    assert result.texts("warning") == ["The document has no content."]


TXA = "TXA|1|18748-4|TX|||||||||D8^CABINET|D7^CABINET||||AU"
TEXT = "OBX|1|TX|GDT^Texte^L||Complément.||||||F"
DOCUMENTS = "urn:oid:1.2.250.1.999.9"


def relations(result: Result) -> list[tuple[str, str]]:
    related = result.one("DocumentReference").get("relatesTo", [])
    return [(one["code"], one["target"]["identifier"]["value"]) for one in related]


@pytest.mark.parametrize(
    ("event", "related", "states", "report"),
    [
        ("T01", [], ("current", "final"), "final"),
        ("T02", [], ("current", "final"), "final"),
        ("T03", [], ("current", "final"), "final"),
        ("T04", [], ("current", "final"), "final"),
        ("T05", [("appends", "D7")], ("current", "final"), "appended"),
        ("T06", [("appends", "D7")], ("current", "final"), "appended"),
        ("T07", [("replaces", "D7")], ("current", "amended"), "amended"),
        ("T08", [("replaces", "D7")], ("current", "amended"), "amended"),
        ("T09", [("replaces", "D7")], ("current", "final"), "corrected"),
        ("T10", [("replaces", "D7")], ("current", "final"), "corrected"),
        ("T11", [], ("entered-in-error", "entered-in-error"), "entered-in-error"),
    ],
)
def test_the_event_says_what_the_document_is_to_the_one_before(
    map_lines: Map,
    event: str,
    related: list[tuple[str, str]],
    states: tuple[str, str],
    report: str,
) -> None:
    lines = (TXA, TEXT) if int(event[1:]) % 2 == 0 else (TXA,)

    result = map_lines(f"MDM^{event}", PATIENT, *lines)

    document = result.one("DocumentReference")
    assert relations(result) == related
    assert (document["status"], document["docStatus"]) == states
    assert result.one("DiagnosticReport")["status"] == report
    assert result.texts("warning") == []


@pytest.mark.parametrize("event", ["T05", "T09"])
def test_the_report_of_an_addendum_or_replacement_is_that_of_its_parent(
    map_lines: Map, event: str
) -> None:
    result = map_lines(f"MDM^{event}", PATIENT, TXA)

    assert result.entries("DiagnosticReport")[0].keys == (
        Key(DOCUMENTS, "D7"),
        Key(DOCUMENTS, "D8"),
    )


def test_an_edit_under_the_same_number_is_the_same_document(map_lines: Map) -> None:
    txa = TXA.replace("D7^CABINET", "D8^CABINET")

    assert relations(map_lines("MDM^T08", PATIENT, txa, TEXT)) == []


def test_a_parent_that_the_event_leaves_alone_is_reported(map_lines: Map) -> None:
    result = map_lines("MDM^T02", PATIENT, TXA, TEXT)

    assert any("TXA-13" in text for text in result.texts("information"))


def test_the_header_of_a_document_is_read_whole(map_lines: Map) -> None:
    author = "810000023084^AGNES^Isabelle^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO"
    copy = "810002909371^MARTIN^Paul^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO"
    txa = (
        f"TXA|1|DS|TX|20260304|{author}|202603051400||||||D8^CABINET||P1^CABINET|F1^CABINET"
        f"|cr.rtf|AU|R|AV||Faute de frappe||{copy}||Lettre||HOPITAL|RAD^Radiologie^99SP"
    )

    result = map_lines("MDM^T02", PATIENT, txa, TEXT)

    document = result.one("DocumentReference")
    assert document["identifier"] == [
        {"system": "urn:passerelle:sender:RIS-TEST:CENTRE:file", "value": "cr.rtf"}
    ]
    assert document["author"] == [
        {"reference": result.url("Practitioner"), "display": "Isabelle AGNES"}
    ]
    assert document["custodian"] == {"display": "HOPITAL"}
    assert document["context"]["period"] == {"start": "2026-03-04"}
    assert document["context"]["practiceSetting"]["coding"][0]["code"] == "RAD"
    assert document["context"]["related"] == [{"reference": result.url("ServiceRequest")}]
    assert document["description"] == "Lettre"
    assert result.one("Provenance")["reason"] == [{"text": "Faute de frappe"}]
    assert result.mapped.recipients == (
        Recipient(result.entries("Practitioner")[-1].full_url, None, "practitioner"),
    )
    (asked,) = result.entries("Communication")
    assert asked.write is Write.MENTION
    assert asked.resource == {
        "resourceType": "Communication",
        "status": "in-progress",
        "subject": {"reference": result.url("Patient")},
        "recipient": [{"reference": result.entries("Practitioner")[-1].full_url}],
        "payload": [{"contentReference": {"reference": result.url("DocumentReference")}}],
    }


def test_a_document_is_about_every_order_of_its_message(map_lines: Map) -> None:
    result = map_lines(
        "MDM^T02", PATIENT, "ORC|RE|P1", "OBR|1|P1", "ORC|RE|P2", "OBR|2|P2", TXA, TEXT
    )

    orders = [{"reference": entry.full_url} for entry in result.entries("ServiceRequest")]
    assert len(orders) == 2
    assert result.one("DocumentReference")["context"]["related"] == orders
    assert result.one("DiagnosticReport")["basedOn"] == orders


COMPLETE = flagged({})
STRICT = Context(strict_flags=True)


def test_a_strict_site_takes_a_document_whose_flags_are_whole(map_lines: Map) -> None:
    content = b64encode(CDA.encode()).decode()

    result = sent(map_lines, content, COMPLETE)

    assert result.one("DocumentReference")["status"] == "current"


@pytest.mark.parametrize(
    ("flags", "event"),
    [
        (COMPLETE[:-1], "T02"),
        ([*COMPLETE[:6], flag("DESTMSSANTEPS", "Y"), *COMPLETE[7:]], "T02"),
        (COMPLETE, "T04"),
    ],
)
def test_a_strict_site_refuses_what_the_guide_forbids(
    map_lines: Map, flags: list[str], event: str
) -> None:
    content = b64encode(CDA.encode()).decode()

    with pytest.raises(FlagsNotAllowed) as caught:
        sent(map_lines, content, flags, event)

    assert caught.value.err_code == "207"


def test_a_lenient_site_takes_it_and_says_so(map_lines: Map) -> None:
    flags = [*COMPLETE[:6], flag("DESTMSSANTEPS", "Y"), *COMPLETE[7:-1]]

    result = transmitted(map_lines, "T02", "NW", *flags)

    assert result.texts("warning") == ["The flags ACK_LECTURE_MSS are missing."]
    told = "The flags on visibility and on recipients exclude each other."
    assert told in result.texts("information")


def sent(map_lines: Map, content: str, flags: list[str], event: str = "T02") -> Result:
    return map_lines(
        f"MDM^{event}^MDM_T02",
        PATIENT,
        "ORC|NW|",
        "OBR|1|||18748-4^CR d'imagerie médicale^LN|",
        "TXA|1|18748-4|TEXT|202603051425||||||||1.2.250.1.999.7.82|||||AU",
        f"OBX|1|ED|18748-4^CR d'imagerie médicale^LN||^text^XML^Base64^{content}||||||F|",
        *flags,
        guide=GUIDE,
        context=STRICT,
    )
