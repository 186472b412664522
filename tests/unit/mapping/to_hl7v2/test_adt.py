from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import RequiredMissing
from gateway.mapping.entry import Key, MergeKind
from gateway.mapping.to_hl7v2 import Profile, Target
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm
from gateway.mapping.to_hl7v2.datatypes.xad import xad
from gateway.mapping.to_hl7v2.datatypes.xpn import xpn
from tests.unit.mapping.to_hl7v2.conftest import INS, PATIENT, World, back, lines, read_back

PAM = Target(application="DPI", facility="CHU", version="2.5", profile=Profile.PAM_FR)
ABROAD = Target(application="EHR", facility="UZ", version="2.5.1", country="BEL")
INS_AUTHORITY = "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO"
IPP_SYSTEM = "urn:oid:1.2.250.1.999.1"


def test_a_new_identity_is_written_as_pam_fr_wants_it(world: World) -> None:
    assert lines(world.write("A28", PATIENT, PAM)) == [
        (
            r"MSH|^~\&|PASSERELLE||DPI|CHU|20260305143000+0100||ADT^A28^ADT_A05|M1|P|2.5^FRA^2.11"
            "|||||FRA|UNICODE UTF-8"
        ),
        "EVN||20260305143000+0100||||20260305143000+0100",
        (
            f"PID|1||279035121518989^^^{INS_AUTHORITY}^INS~IPP42^^^&1.2.250.1.999.1&ISO^PI"
            "||PAT-TROIS^DOMINIQUE^DOMINIQUE MARIE^^^^L||19790328|F"
            "|||28 Av de Breteuil^^PARIS^^75007^FRA^H||^PRN^PH^^^^^^^^^+33123456789"
            "~^NET^Internet^dominique@patient.example|||M||||||||||||||||VALI"
        ),
        (
            "ROL||UC|ODRP^^HL70443|810000023084^Lecœur^Hélène^^^DR^^^"
            "ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
            "||||||||^NET^X.400^h.lecoeur@medecin.mssante.fr"
        ),
        "PV1|1|N",
        "ZFD|||||INSI|20211201|CN",
    ]


@pytest.mark.parametrize("event", ["A28", "A31"])
def test_an_identity_is_read_back_as_it_was(world: World, event: str) -> None:
    (read,) = back(world.write(event, PATIENT, PAM), "Patient")
    assert _plain(read) == _plain(PATIENT)
    assert read["generalPractitioner"][0]["display"] == "Hélène Lecœur"


def test_birth_place_death_and_further_names_are_read_back(world: World) -> None:
    insee = {
        "url": "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code",
        "valueCoding": {
            "system": "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM",
            "code": "63220",
        },
    }
    place = {
        "url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
        "valueAddress": {"extension": [insee]},
    }
    patient = {
        **PATIENT,
        "extension": [place, *PATIENT["extension"]],
        "name": [*PATIENT["name"], {"use": "usual", "family": "DUPONT", "given": ["Do"]}],
        "deceasedDateTime": "2026-03-01T04:30:00+01:00",
        "telecom": [*PATIENT["telecom"], {"system": "fax", "value": "0102030405", "use": "work"}],
    }
    (read,) = back(world.write("A31", patient, PAM), "Patient")
    assert read["extension"][0] == place
    names = ("name", "deceasedDateTime", "telecom")
    assert {name: read[name] for name in names} == {name: patient[name] for name in names}


def test_an_identity_that_nobody_has_checked_is_sent_without_its_ins(world: World) -> None:
    patient = {name: part for name, part in PATIENT.items() if name != "extension"}
    pid = lines(world.write("A31", patient, PAM))[2]
    assert pid.split("|")[3] == "IPP42^^^&1.2.250.1.999.1&ISO^PI"


def test_a_patient_who_has_nothing_but_an_unchecked_ins_is_refused(world: World) -> None:
    patient = {**PATIENT, "extension": [], "identifier": [INS]}
    with pytest.raises(RequiredMissing):
        world.write("A31", patient, PAM)


def test_abroad_further_given_names_are_not_a_list_of_all(world: World) -> None:
    patient = {**PATIENT, "name": [{"use": "official", "family": "X", "given": ["Jan", "Piet"]}]}
    assert lines(world.write("A31", patient, ABROAD))[2].split("|")[5] == "X^Jan^Piet^^^^L"


def test_a_merge_names_who_stays_and_the_numbers_of_who_goes(world: World) -> None:
    gone = {
        **PATIENT,
        "id": "gone",
        "active": False,
        "identifier": [{"system": IPP_SYSTEM, "value": "IPP41"}],
        "link": [{"type": "replaced-by", "other": {"reference": "Patient/pat-trois"}}],
    }
    raw = world.write("A40", gone, PAM)
    assert [line[:3] for line in lines(raw)] == ["MSH", "EVN", "PID", "MRG"]
    assert "^ADT_A39|" in lines(raw)[0]
    (merge,) = read_back(raw).merges
    assert (merge.kind, merge.retired) == (MergeKind.MERGE, (Key(IPP_SYSTEM, "IPP41"),))


def test_who_stays_is_not_named_by_the_numbers_of_who_goes(world: World) -> None:
    old = {"use": "old", "system": IPP_SYSTEM, "value": "IPP41"}
    world.put({**PATIENT, "identifier": [*PATIENT["identifier"], old]})
    gone = {
        **PATIENT,
        "id": "gone",
        "identifier": [{"system": IPP_SYSTEM, "value": "IPP41"}],
        "link": [{"type": "replaced-by", "other": {"reference": "Patient/pat-trois"}}],
    }
    assert "IPP41" not in lines(world.write("A40", gone, PAM))[2]


def test_a_merge_into_nobody_is_refused(world: World) -> None:
    link = {"type": "replaced-by", "other": {"reference": "Patient/nobody"}}
    with pytest.raises(RequiredMissing):
        world.write("A40", {**PATIENT, "link": [link]}, PAM)


def test_another_ins_is_a_change_of_identifier(world: World) -> None:
    before = {**PATIENT, "identifier": [{**INS, "value": "279035121518900"}]}
    raw = world.write("A47", PATIENT, PAM, before)
    (merge,) = read_back(raw).merges
    assert (merge.kind, merge.retired) == (
        MergeKind.CHANGE,
        (Key("urn:oid:1.2.250.1.213.1.4.10", "279035121518900"),),
    )


def test_an_ins_that_was_taken_back_is_null_beside_its_authority(world: World) -> None:
    after = {**PATIENT, "identifier": PATIENT["identifier"][1:]}
    raw = world.write("A47", after, PAM, PATIENT)
    pid, mrg = lines(raw)[2:]
    assert pid.split("|")[3].endswith(f'~""^^^{INS_AUTHORITY}^INS')
    assert mrg.split("|")[1] == f"279035121518989^^^{INS_AUTHORITY}^INS"
    assert MergeKind.WITHDRAW in [one.kind for one in read_back(raw).merges]


def _plain(patient: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says the same thing more precisely: systems of codes, displays, links."""
    names = ("name", "telecom", "gender", "birthDate", "address", "maritalStatus")
    kept = {name: patient[name] for name in names}
    kept["identifier"] = [(one["system"], one["value"]) for one in patient["identifier"]]
    kept["reliability"] = [
        (part["url"], part.get("valueDate") or part["valueCoding"]["code"])
        for one in patient["extension"]
        for part in one["extension"]
    ]
    return kept


def test_a_name_or_line_that_is_an_extension_alone_is_left_out() -> None:
    name = {"family": "A", "given": [None, "B"], "prefix": [None], "suffix": [None]}
    assert xpn(name, french=False)[:5] == ("A", "B", "", "", "")
    assert xad({"line": [None, "12 rue X"]})[:2] == ("12 rue X", "")
    assert dtm("9999-12-31T23:59:59-12:00") == ""
