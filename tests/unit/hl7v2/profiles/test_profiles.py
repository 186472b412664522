"""The French profiles: messages of the guides pass, each rule refuses what breaks it."""

from __future__ import annotations

import pytest

from gateway.hl7v2.message import Message
from gateway.hl7v2.profiles import profile_of
from gateway.hl7v2.profiles.flag_rules import ORDER

PAM = (
    (
        "MSH|^~\\&|GAM|CHU|DPI|CHU|20260306||ADT^A01^ADT_A01|1|P|2.5^FRA^2.11|||||FRA|8859/15"
        "|||2.11^IHE_FRANCE-2.11-PAM"
    ),
    "EVN||20260306111154",
    (
        "PID|1||3^^^CHU&1.2.250.1.999&ISO^PI~279035121518989^^^ASIP-SANTE-INS-NIR"
        "&1.2.250.1.213.1.4.10&ISO^INS||DURAND^Zoé^^^^^L||19800101|F||||||||||||||||||||||||VALI"
    ),
    "PV1|1|I",
    "ZBE|312^CHU|20260306||INSERT|N||||HMS",
    "ZFA|ACTIF|20260306|||||||INO|20260306|IC",
    "ZFD|||Y|N|INSI|20211201|CN",
)
FLAGS = tuple(
    f"OBX|{number}|CWE|{name}^^MetaDMPMSS||{'Y' if name == 'DESTDMP' else 'N'}||||||F"
    for number, name in enumerate(ORDER, 2)
)
CDA = (
    (
        "MSH|^~\\&|RIS|PORT|PFI|PORT|20260606||MDM^T02^MDM_T02|15|P|2.6|||||FRA|UNICODE UTF-8"
        "|||2.1^CISIS_CDA_HL7_V2"
    ),
    "EVN||20260606",
    "PID|||3^^^CHU&1.2.250.1.999&ISO^PI||DURAND^Zoé^^^^^L",
    "PV1|1|I",
    "ORC|NW",
    "OBR|1|||18748-4^CR d'imagerie médicale^LN",
    "TXA|1|18748-4|TEXT|||||||||1.2.3.4|||||AU",
    "OBX|1|ED|18748-4^CR d'imagerie médicale^LN||^text^XML^Base64^UERG||||||F",
    "PRT||UC||SB^^participation|1^A",
    *FLAGS,
)
TLR = (
    (
        "MSH|^~\\&|S|F|T|F|20260106||OMI^O23^OMI_O23|4|P|2.5.1|||||FRA|UNICODE UTF-8"
        "|||1.0^CISIS_TLR_HL7_V2"
    ),
    "PID|||279^^^X&1.2.3.4&ISO^PI||DURAND^Zoé",
    "ORC|SR",
    "TQ1|1",
    "OBR|1|||COMPLEMENT_POST_ACTE^^TLR_OBR_PROCEDURE",
    "IPC|ACC|RP|1.2.3",
)
LPS = (CDA[0].replace("2.1^CISIS_CDA_HL7_V2", "1.1^CISIS_CDA_HL7_LPS"), *CDA[1:])


def parsed(segments: tuple[str, ...]) -> Message:
    return Message.parse("\r".join(segments).encode() + b"\r")


def findings(segments: tuple[str, ...]) -> list[tuple[str, str | None, str]]:
    message = parsed(segments)
    profile = profile_of(message)
    assert profile is not None
    return [(one.severity, one.location, one.text) for one in profile.check(message)]


def changed(segments: tuple[str, ...], *pairs: tuple[str, str]) -> tuple[str, ...]:
    text = "\n".join(segments)
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return tuple(text.split("\n"))


@pytest.mark.parametrize("segments", [PAM, CDA, TLR, LPS], ids=["pam", "cda", "tlr", "lps"])
def test_a_message_of_the_guide_breaks_nothing(segments: tuple[str, ...]) -> None:
    assert findings(segments) == []


@pytest.mark.parametrize(
    ("segments", "place"),
    [
        (changed(PAM, ("A01^ADT_A01", "A08^ADT_A01")), "MSH^1^9"),
        (PAM[:4] + PAM[5:], "ZBE"),
        (PAM[:3] + PAM[4:], "PV1"),
        (changed(PAM, ("2.5^FRA", "2.3^FRA")), "MSH^1^12"),
        (changed(PAM, ("|FRA|8859/15", "|USA|8859/15")), "MSH^1^17"),
        (changed(PAM, ("8859/15", "8859/1")), "MSH^1^18"),
        (changed(PAM, ("|F||||||||||||", "|F||race||||||||||")), "PID^1^10"),
        (changed(PAM, ("|F|||||||||", "|F|||||||||rel|")), "PID^1^17"),
        (changed(PAM, ("|F||||||||||||||", "|F||||||||||||||eth")), "PID^1^22"),
        (changed(PAM, ("|VALI", "|VALI~SURE")), "PID^1^32"),
        (changed(PAM, ("213.1.4.10", "213.1.4.2")), "PID^1^3"),
        (changed(PAM, ("213.1.4.10", "999.1.4.10")), "PID^1^3"),
        (changed(PAM, ("||INSERT", "|20260307|INSERT")), "ZBE^1^3"),
        (changed(PAM, ("INSERT", "DELETE")), "ZBE^1^4"),
        (changed(PAM, ("INSERT", "CANCEL")), "ZBE^1^6"),
        (changed(PAM, ("A01^ADT_A01", "Z99^ADT_Z99")), "ZBE^1^4"),
        (changed(PAM, ("|HMS", "|XX")), "ZBE^1^9"),
        (changed(PAM, ("|INO|", "|OUI|")), "ZFA^1^9"),
        (changed(PAM, ("|IC", "|NON")), "ZFA^1^11"),
        (changed(PAM, ("|INSI|", "|VU|")), "ZFD^1^5"),
        (changed(CDA, ("|2.6|", "|2.5|")), "MSH^1^12"),
        (changed(CDA, ("2.1^CISIS", "3.0^CISIS")), "MSH^1^21"),
        (changed(CDA, ("ORC|NW", "ORC|SN")), "ORC^1^1"),
        (changed(CDA, ("UERG||||||F", "UERG||||||C")), "OBX^1^11"),
        (changed(CDA, ("ORC|NW", "ORC|RO"), ("UERG||||||F", "UERG||||||C")), "MSH^1^9"),
        (changed(CDA, ("text^XML", "application^pdf")), "OBX^1^5"),
        (changed(CDA, ("OBR|1|||18748-4", "OBR|1|||11502-2")), "OBX^1^3"),
        (changed(CDA, ("|1.2.3.4|", "||")), "TXA^1^12"),
        (changed(CDA, ("SB^^", "RCT^^")), "PRT"),
        (changed(CDA, ("DESTDMP^^", "DESTINC^^")), "OBX"),
        (changed(CDA, ("OBX|2|CWE", "OBX|2|CE")), "OBX"),
        (CDA[:9] + CDA[10:], "OBX"),
        (changed(TLR, ("ORC|SR", "ORC|NW")), "ORC^1^1"),
        (changed(TLR, ("COMPLEMENT_POST_ACTE", "AUTRE")), "OBR^1^4"),
        (changed(TLR, ("COMPLEMENT_POST_ACTE", "REPONSE_DEMANDE")), "OBR^1^4"),
        (changed(TLR, ("OMI^O23", "OMI^O99")), "MSH^1^9"),
        (changed(TLR, ("|1.2.3", "|")), "IPC^1^3"),
    ],
)
def test_what_breaks_a_rule_is_an_error_with_its_place(
    segments: tuple[str, ...], place: str
) -> None:
    errors = [location for severity, location, _ in findings(segments) if severity == "error"]
    assert place in errors


@pytest.mark.parametrize(
    ("segments", "place"),
    [
        (changed(PAM, ("2.5^FRA^2.11", "2.5^FRA^2.9")), "MSH^1^12"),
        (changed(PAM, ("|VALI", "|PROV")), "PID^1^32"),
        # To professionals, and hidden from representatives: the guide's own sample.
        (
            changed(
                CDA,
                ("REP_LEGAUX^^MetaDMPMSS||N", "REP_LEGAUX^^MetaDMPMSS||Y"),
                ("DESTMSSANTEPS^^MetaDMPMSS||N", "DESTMSSANTEPS^^MetaDMPMSS||Y"),
                ("SB^^participation|1^A", "SB^^participation|1^A\nPRT||UC||RCT^^participation"),
            ),
            "OBX",
        ),
    ],
)
def test_what_can_be_lived_with_is_a_warning(segments: tuple[str, ...], place: str) -> None:
    assert [(severity, location) for severity, location, _ in findings(segments)] == [
        ("warning", place)
    ]


def test_a_document_that_is_mailed_needs_somebody_to_mail_it_to() -> None:
    pairs = [("DESTMSSANTEPAT^^MetaDMPMSS||N", "DESTMSSANTEPAT^^MetaDMPMSS||Y")]
    pairs += [("DESTDMP^^MetaDMPMSS||Y", "DESTDMP^^MetaDMPMSS||N")]
    text = "The document goes by secure mail, and no PRT says to whom (RCT)."
    assert findings(changed(CDA, *pairs)) == [("error", "PRT", text)]


def test_the_profile_is_chosen_by_the_header_and_what_is_known_of_the_sender() -> None:
    foreign = parsed(("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5",))
    assert profile_of(foreign) is None
    assert profile_of(foreign, "FRA") is profile_of(parsed(PAM))
    french_report = parsed(("MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.5|||||FRA",))
    assert profile_of(french_report) is None
