from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO

from pypdf import PdfReader

from gateway.delivery.pdf import render
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
    box="Hernie <L4-L5> & œdème ; diamètre ≥ 11 mm.\nÀ confronter à la clinique.",
    details=(Line("Centre", "Imagerie de l'Ill"), Line("Radiologue", "Dr GARÇON Noël")),
    measurements=(Line("T-score", "\u22122,3"),),
    body="",
    links=(Line("Compte rendu", "http://127.0.0.1:8080/fhir/DiagnosticReport/x"),),
    reference="1a2b3c4d",
    withdrawn=False,
    day="20260312",
    family="LEBŒUF",
    given="Anaïs",
)


FOOT = (
    "Message envoyé automatiquement par la passerelle du centre d'imagerie ; il contient des "
    "données de santé couvertes par le secret professionnel."
)


def read(content: bytes) -> tuple[list[str], PdfReader]:
    reader = PdfReader(BytesIO(content))
    lines = "\n".join(page.extract_text() for page in reader.pages).splitlines()
    return [line.replace("\u00a0", " ").strip() for line in lines if line.strip()], reader


def test_the_page_says_who_what_and_the_conclusion_with_every_accent() -> None:
    lines, reader = read(render(SUMMARY))
    assert lines == [
        "LEBŒUF Anaïs   Réf. 1a2b3c4d",
        "Page 1",
        FOOT,
        "Compte rendu d'imagerie",
        "Compte rendu définitif",
        "LEBŒUF Anaïs, née le 28/03/1979, sexe féminin",
        "INS : 2 79 03 51 215 189 89",
        "Scanner lombaire du 12/03/2026",
        "Conclusion",
        "Hernie <L4-L5> & œdème ; diamètre ≥ 11 mm.",
        "À confronter à la clinique.",
        "Centre",
        "Imagerie de l'Ill",
        "Radiologue",
        "Dr GARÇON Noël",
        "Mesures",
        "T-score",
        "\u22122,3",
        "Liens",
        "Compte rendu",
        "http://127.0.0.1:8080/fhir/DiagnosticReport/x",
    ]
    assert len(reader.pages) == 1


def test_the_document_has_a_title_a_language_and_an_a4_page() -> None:
    _, reader = read(render(SUMMARY))
    assert reader.metadata is not None
    assert reader.metadata.title == "Compte rendu d'imagerie - 1a2b3c4d"
    assert str(reader.root_object["/Lang"]) == "fr-FR"
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]


def test_the_same_summary_gives_the_same_bytes_from_any_thread() -> None:
    other = replace(SUMMARY, alert=True)
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(render, [SUMMARY, other] * 4))
    assert len(set(drawn)) == 2


def test_a_long_report_goes_on_over_several_pages() -> None:
    paragraph = "Coupe axiale sans anomalie. " * 40
    long = replace(SUMMARY, box=paragraph * 6, body="\n\n".join([paragraph] * 6))
    lines, reader = read(render(long))
    assert len(reader.pages) > 1
    assert "Liens" in lines


def test_a_word_longer_than_the_line_is_broken() -> None:
    assert len(read(render(replace(SUMMARY, box="x" * 3000)))[1].pages) >= 1


def test_characters_that_the_fonts_lack_do_not_stop_the_letter() -> None:
    lines, _ = read(render(replace(SUMMARY, patient="NGUYỄN Ağça \u4e2d \x07")))
    assert "NGUYEN Ağça ?" in lines
