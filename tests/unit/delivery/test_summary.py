from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.delivery.dossier import gather
from gateway.delivery.qualified import qualified_identifier
from gateway.delivery.summary import Line, Summary, summarise

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

FHIR = "http://127.0.0.1:8080/fhir"
REPORT_LINK = f"{FHIR}/DiagnosticReport/1a2b3c4d-0000-5000-8000-000000000001"

EXPECTED = Summary(
    lang="fr",
    title="Compte rendu d'imagerie",
    expected="Compte rendu définitif \u2013 pour information et suite à donner",
    alert=False,
    patient="PAT-TROIS Dominique, née le 28/03/1979, sexe féminin",
    ins="2\u00a079\u00a003\u00a051\u00a0215\u00a0189\u00a089",
    exam="Scanner du rachis lombaire sans injection du 12/03/2026",
    box_title="Conclusion",
    box="Hernie discale L4-L5 gauche.\nŒdème des plateaux : à confronter à la clinique.",
    details=(
        Line("Centre", "Centre d'imagerie de l'Ill"),
        Line("Radiologue", "Dr GARÇON Noël"),
        Line("Demandeur", "Dr GARNIER Luc"),
        Line("Compte rendu du", "12/03/2026 à\u00a013:05"),
        Line("N° d'examen", "ACC-2026-0042"),
        Line("Destinataire", "Dr LECŒUR Hélène"),
    ),
    measurements=(Line("Canal lombaire L4-L5", "11,5 mm"), Line("T-score", "\u22122,3")),
    body="",
    links=(Line("Compte rendu", REPORT_LINK), Line("Images", f"{FHIR}/ImagingStudy/study")),
    reference="1a2b3c4d",
    withdrawn=False,
    day="20260312",
    family="PAT-TROIS",
    given="Dominique",
)


def summary(
    report: Resource, everything: list[Resource], *, lang: str = "fr", replaced: str = ""
) -> Summary:
    held = {f"{one['resourceType']}/{one['id']}": one for one in everything}
    dossier = gather(
        report,
        lambda kind, name: held.get(f"{kind}/{name}"),
        recipient=everything[0],
        replaced=replaced,
    )
    return summarise(dossier, lang=lang, fhir_url=FHIR, reference="1a2b3c4d", body="")


def test_a_final_report_is_told_in_the_order_in_which_it_is_needed(
    report: Resource, everything: list[Resource]
) -> None:
    assert summary(report, everything) == EXPECTED


def test_a_correction_says_what_it_replaces(report: Resource, everything: list[Resource]) -> None:
    corrected = report | {"status": "corrected"}
    assert summary(corrected, everything, replaced="2026-03-11T09:30:00Z") == replace(
        EXPECTED,
        expected="Compte rendu CORRIGÉ\u00a0: remplace celui du 11/03/2026 à\u00a010:30",
        alert=True,
    )


def test_a_withdrawal_shows_no_content(report: Resource, everything: list[Resource]) -> None:
    withdrawn = report | {"status": "entered-in-error"}
    assert summary(withdrawn, everything, replaced="2026-03-12T13:05:00+01:00") == replace(
        EXPECTED,
        expected="Compte rendu ENVOYÉ PAR ERREUR\u00a0: ne pas tenir compte de celui du "
        "12/03/2026 à\u00a013:05",
        alert=True,
        withdrawn=True,
        box_title="À retirer",
        box="Ce compte rendu a été enregistré par erreur. "
        "Merci de le retirer du dossier du patient.",
        measurements=(),
        links=(),
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("corrected", "Compte rendu CORRIGÉ \u2013 pour information et suite à donner"),
        ("amended", "Compte rendu MODIFIÉ \u2013 pour information et suite à donner"),
        ("appended", "Compte rendu COMPLÉTÉ \u2013 pour information et suite à donner"),
        ("cancelled", "Compte rendu ANNULÉ\u00a0: ne plus en tenir compte"),
    ],
)
def test_what_replaces_nothing_known_says_so(
    report: Resource, everything: list[Resource], status: str, expected: str
) -> None:
    assert summary(report | {"status": status}, everything).expected == expected


def test_the_summary_speaks_english_when_asked(
    report: Resource, everything: list[Resource]
) -> None:
    told = summary(report, everything, lang="en")
    assert told.expected == "Final report \u2013 for information and follow-up"
    assert told.patient == "PAT-TROIS Dominique, born 28/03/1979, sex female"
    assert told.measurements == (
        Line("Canal lombaire L4-L5", "11.5 mm"),
        Line("T-score", "\u22122.3"),
    )


def test_a_report_alone_still_makes_a_summary() -> None:
    bare = {"resourceType": "DiagnosticReport", "id": "x", "status": "final", "code": {}}
    told = summary(bare, [{"resourceType": "Organization", "id": "o", "name": "CPTS"}])
    assert told == replace(
        EXPECTED,
        patient="",
        ins="",
        exam="Examen d'imagerie",
        box="Le compte rendu ne comporte pas de conclusion séparée\u00a0: "
        "voir le compte rendu lui-même.",
        details=(Line("Destinataire", "CPTS"),),
        measurements=(),
        links=(Line("Compte rendu", f"{FHIR}/DiagnosticReport/x"),),
        day="00000000",
        family="",
        given="",
    )


def reliability(status: str) -> dict[str, Any]:
    return {
        "extension": [
            {
                "url": "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability",
                "extension": [{"url": "identityStatus", "valueCoding": {"code": status}}],
            }
        ]
    }


INS = {"use": "official", "system": "urn:oid:1.2.250.1.213.1.4.8", "value": "279035121518989"}
LOCAL = {"system": "urn:oid:1.2.3", "value": "4711"}


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        (reliability("VALI") | {"identifier": [LOCAL, INS]}, "279035121518989"),
        (reliability("VALI") | {"identifier": [INS | {"use": "old"}]}, ""),
        (reliability("VALI") | {"identifier": [LOCAL]}, ""),
        (reliability("PROV") | {"identifier": [INS]}, ""),
        ({"identifier": [INS]}, ""),
    ],
)
def test_only_a_qualified_ins_is_shown(patient: Resource, expected: str) -> None:
    assert qualified_identifier(patient).get("value", "") == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"gender": "male"}, "PAT-TROIS Dominique, né le 28/03/1979, sexe masculin"),
        ({"gender": "unknown"}, "PAT-TROIS Dominique, né(e) le 28/03/1979, sexe non précisé"),
        (
            {
                "name": [
                    {"use": "usual", "family": "Durand", "given": ["Dominique"]},
                    {"use": "official", "family": "PAT-TROIS", "given": ["DOMINIQUE"]},
                ]
            },
            "PAT-TROIS Dominique (nom utilisé\u00a0: DURAND), née le 28/03/1979, sexe féminin",
        ),
    ],
)
def test_a_patient_is_named_by_birth_name_birth_date_and_sex(
    report: Resource,
    everything: list[Resource],
    patient: Resource,
    changed: dict[str, Any],
    expected: str,
) -> None:
    others = [one for one in everything if one is not patient]
    assert summary(report, [*others, patient | changed]).patient == expected


def test_roles_give_the_centre_and_the_radiologist(
    report: Resource, everything: list[Resource]
) -> None:
    role = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": "Practitioner/garcon"},
        "organization": {"reference": "Organization/ill"},
    }
    named = report | {"performer": [{"reference": "PractitionerRole/role"}]}
    del named["resultsInterpreter"]
    assert summary(named, [*everything, role]).details[:2] == EXPECTED.details[:2]


def test_many_measurements_are_cut_and_counted(report: Resource) -> None:
    results = [
        {
            "resourceType": "Observation",
            "id": f"m{turn}",
            "code": {"text": f"Mesure {turn}"},
            "valueQuantity": {"value": turn, "comparator": "<"},
        }
        for turn in range(20)
    ]
    full = report | {"result": [{"reference": f"Observation/m{turn}"} for turn in range(20)]}
    told = summary(full, results).measurements
    assert told[0] == Line("Mesure 0", "<0")
    assert told[12:] == (Line("", "et 8 autres mesures dans le compte rendu"),)
