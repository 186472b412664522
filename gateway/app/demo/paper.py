"""The report as the radiology centre prints it: a PDF of one page."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from gateway.app.demo import story as told

if TYPE_CHECKING:
    from gateway.app.demo.story import Story

_MARGIN: Final = 56


def print_report(story: Story) -> bytes:
    """Return the PDF."""
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 - half a second, the demo's alone
    from reportlab.lib.styles import getSampleStyleSheet  # noqa: PLC0415 - as above
    from reportlab.platypus import (  # noqa: PLC0415 - as above
        Flowable,
        Paragraph,
        SimpleDocTemplate,
        Spacer,
    )

    styles = getSampleStyleSheet()
    flow: list[Flowable] = [Paragraph(told.CENTRE, styles["Title"])]
    flow.append(Paragraph("Compte rendu", styles["Heading1"]))
    flow += [Paragraph(escape(line), styles["Normal"]) for line in _heading(story)]
    for title, lines in _sections():
        flow.append(Paragraph(title, styles["Heading3"]))
        flow += [Paragraph(escape(line), styles["Normal"]) for line in lines]
    flow += [Spacer(1, 24), Paragraph(told.RADIOLOGIST, styles["Normal"])]
    printed = BytesIO()
    SimpleDocTemplate(
        printed,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        title=f"Compte rendu {story.accession}",
        author=told.RADIOLOGIST,
        invariant=1,
    ).build(flow)
    return printed.getvalue()


def _heading(story: Story) -> tuple[str, ...]:
    return (
        f"Patiente : {told.FAMILY} {told.GIVEN} (nom utilisé : {told.USED_NAME})",
        f"Examen : {told.EXAM}, le {story.examined:%d/%m/%Y à %H:%M}",
        f"Numéro d'examen : {story.accession}, demande : {story.placer}",
        f"Demandé par : {told.PHYSICIAN}",
    )


def _sections() -> tuple[tuple[str, tuple[str, ...]], ...]:
    dose = f"Produit dose.longueur total : {told.DOSE_MGYCM} mGy.cm."
    return (
        ("Informations cliniques", (told.REASON,)),
        ("Technique", (told.TECHNIQUE, dose)),
        ("Résultats", told.FINDINGS),
        ("Conclusion", (told.CONCLUSION,)),
    )
