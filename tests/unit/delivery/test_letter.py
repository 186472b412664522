from __future__ import annotations

from dataclasses import replace

from gateway.delivery.letter import enclosures, message_id, subject_of, text_of
from gateway.delivery.summary import Line, Summary

SUMMARY = Summary(
    lang="fr",
    title="Compte rendu d'imagerie",
    expected="Compte rendu définitif",
    alert=False,
    patient="LEBŒUF Anaïs, née le 28/03/1979, sexe féminin",
    ins="2 79 03 51 215 189 89",
    exam="Scanner lombaire du 12/03/2026",
    box_title="Conclusion",
    box="Hernie discale.\nŒdème.",
    details=(Line("Centre", "Imagerie de l'Ill"),),
    measurements=(Line("T-score", "\u22122,3"), Line("", "et 2 autres mesures")),
    body="Technique.",
    links=(Line("Compte rendu", "http://127.0.0.1:8080/fhir/DiagnosticReport/x"),),
    reference="1a2b3c4d",
    withdrawn=False,
    day="20260312",
    family="LEBŒUF",
    given="Anaïs",
)

TEXT = """\
COMPTE RENDU D'IMAGERIE
Compte rendu définitif.

Patient_: LEBŒUF Anaïs, née le 28/03/1979, sexe féminin
INS_: 2 79 03 51 215 189 89
Examen_: Scanner lombaire du 12/03/2026

CONCLUSION
Hernie discale.
Œdème.

Centre_: Imagerie de l'Ill

MESURES
T-score_: \u22122,3
et 2 autres mesures

COMPTE RENDU
Technique.

LIENS
Compte rendu_: http://127.0.0.1:8080/fhir/DiagnosticReport/x

PIÈCES JOINTES
- resume.pdf

--\u0020
Message envoyé automatiquement par la passerelle du centre d'imagerie_; il contient des données \
de santé couvertes par le secret professionnel.
Réf. 1a2b3c4d
"""


def test_the_text_says_who_what_and_the_conclusion_first() -> None:
    assert text_of(SUMMARY, ["resume.pdf"]) == TEXT.replace("_", "\u00a0")


def test_the_text_says_when_a_document_could_not_be_enclosed() -> None:
    assert "n'a pas pu être joint" in text_of(SUMMARY, left_out=True)


def test_the_subject_says_nothing_about_the_patient() -> None:
    subject = subject_of(SUMMARY, "final")
    assert subject == "Compte rendu d'imagerie disponible \u2013 réf. 1a2b3c4d"
    assert subject_of(replace(SUMMARY, lang="en"), "cancelled") == (
        "Imaging report cancelled \u2013 ref. 1a2b3c4d"
    )


def test_files_are_named_as_mssante_asks() -> None:
    files = enclosures(SUMMARY, b"summary", [b"one", b"two"])
    assert [(file.name, file.content) for file in files] == [
        ("20260312_Resume-CR-d-imagerie-medicale_LEBOEUF_Anais.pdf", b"summary"),
        ("20260312_CR-d-imagerie-medicale_LEBOEUF_Anais.pdf", b"one"),
        ("20260312_CR-d-imagerie-medicale_LEBOEUF_Anais_2.pdf", b"two"),
    ]


def test_the_message_id_is_made_of_the_delivery() -> None:
    assert message_id("d1", "imagerie.example") == "<d1@imagerie.example>"
