"""The words of a summary, French first, and how French clinicians write dates and numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

NBSP: Final = "\u00a0"
DASH: Final = "\u2013"
PARIS: Final = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Words:
    """Every word of a summary in one language; `{}` stands for a date or a number."""

    language: str
    colon: str
    decimal: str
    date: str
    moment: str
    subject: str
    news: Mapping[str, str]
    title: str
    short_title: str
    # By report status: with the date of what it replaces, and when none is known.
    expected: Mapping[str, tuple[str, str]]
    withdrawn_box: Mapping[str, str]
    born: Mapping[str, str]
    sexes: Mapping[str, str]
    used_name: str
    labels: Mapping[str, str]
    no_conclusion: str
    on: str
    more_measurements: str
    summary_file: str
    not_enclosed: str
    automatic: str
    unknown_exam: str


FRENCH: Final = Words(
    language="fr-FR",
    colon=f"{NBSP}: ",
    decimal=",",
    date="%d/%m/%Y",
    moment=f"%d/%m/%Y à{NBSP}%H:%M",
    subject=f"Compte rendu d'imagerie {{}} {DASH} réf. {{}}",
    news={
        "final": "disponible",
        "corrected": "corrigé",
        "amended": "modifié",
        "appended": "complété",
        "cancelled": "annulé",
        "entered-in-error": "envoyé par erreur",
    },
    title="Compte rendu d'imagerie",
    short_title="CR d'imagerie médicale",
    expected={
        "final": (f"Compte rendu définitif {DASH} pour information et suite à donner",) * 2,
        "corrected": (
            f"Compte rendu CORRIGÉ{NBSP}: remplace celui du {{}}",
            f"Compte rendu CORRIGÉ {DASH} pour information et suite à donner",
        ),
        "amended": (
            f"Compte rendu MODIFIÉ{NBSP}: remplace celui du {{}}",
            f"Compte rendu MODIFIÉ {DASH} pour information et suite à donner",
        ),
        "appended": (
            f"Compte rendu COMPLÉTÉ{NBSP}: ajoute à celui du {{}}",
            f"Compte rendu COMPLÉTÉ {DASH} pour information et suite à donner",
        ),
        "cancelled": (
            f"Compte rendu ANNULÉ{NBSP}: ne plus tenir compte de celui du {{}}",
            f"Compte rendu ANNULÉ{NBSP}: ne plus en tenir compte",
        ),
        "entered-in-error": (
            f"Compte rendu ENVOYÉ PAR ERREUR{NBSP}: ne pas tenir compte de celui du {{}}",
            f"Compte rendu ENVOYÉ PAR ERREUR{NBSP}: ne pas en tenir compte",
        ),
    },
    withdrawn_box={
        "cancelled": "Ce compte rendu a été annulé par le centre d'imagerie. "
        "Merci de ne plus en tenir compte.",
        "entered-in-error": "Ce compte rendu a été enregistré par erreur. "
        "Merci de le retirer du dossier du patient.",
    },
    born={"male": "né le {}", "female": "née le {}", "": "né(e) le {}"},
    sexes={"male": "masculin", "female": "féminin", "": "non précisé"},
    used_name="nom utilisé",
    labels={
        "patient": "Patient",
        "sex": "sexe",
        "ins": "INS",
        "exam": "Examen",
        "conclusion": "Conclusion",
        "withdrawal": "À retirer",
        "centre": "Centre",
        "radiologist": "Radiologue",
        "requester": "Demandeur",
        "issued": "Compte rendu du",
        "accession": "N° d'examen",
        "measurements": "Mesures",
        "report": "Compte rendu",
        "images": "Images",
        "links": "Liens",
        "recipient": "Destinataire",
        "enclosures": "Pièces jointes",
        "reference": "Réf.",
    },
    no_conclusion="Le compte rendu ne comporte pas de conclusion séparée"
    f"{NBSP}: voir le compte rendu lui-même.",
    on="du",
    more_measurements="et {} autres mesures dans le compte rendu",
    summary_file="Resume",
    not_enclosed="Le compte rendu complet n'a pas pu être joint"
    f"{NBSP}: il se lit par le lien ci-dessus.",
    automatic="Message envoyé automatiquement par la passerelle du centre d'imagerie"
    f"{NBSP}; il contient des données de santé couvertes par le secret professionnel.",
    unknown_exam="Examen d'imagerie",
)

ENGLISH: Final = Words(
    language="en-GB",
    colon=": ",
    decimal=".",
    date="%d/%m/%Y",
    moment=f"%d/%m/%Y at{NBSP}%H:%M",
    subject=f"Imaging report {{}} {DASH} ref. {{}}",
    news={
        "final": "available",
        "corrected": "corrected",
        "amended": "amended",
        "appended": "completed",
        "cancelled": "cancelled",
        "entered-in-error": "sent in error",
    },
    title="Imaging report",
    short_title="Imaging report",
    expected={
        "final": (f"Final report {DASH} for information and follow-up",) * 2,
        "corrected": (
            "CORRECTED report: replaces that of {}",
            f"CORRECTED report {DASH} for information and follow-up",
        ),
        "amended": (
            "AMENDED report: replaces that of {}",
            f"AMENDED report {DASH} for information and follow-up",
        ),
        "appended": (
            "COMPLETED report: adds to that of {}",
            f"COMPLETED report {DASH} for information and follow-up",
        ),
        "cancelled": (
            "CANCELLED report: please disregard that of {}",
            "CANCELLED report: please disregard it",
        ),
        "entered-in-error": (
            "Report SENT IN ERROR: please disregard that of {}",
            "Report SENT IN ERROR: please disregard it",
        ),
    },
    withdrawn_box={
        "cancelled": "This report was cancelled by the imaging centre. Please disregard it.",
        "entered-in-error": "This report was entered in error. "
        "Please remove it from the patient's record.",
    },
    born={"": "born {}"},
    sexes={"male": "male", "female": "female", "": "not stated"},
    used_name="used name",
    labels={
        "patient": "Patient",
        "sex": "sex",
        "ins": "INS",
        "exam": "Exam",
        "conclusion": "Conclusion",
        "withdrawal": "To be removed",
        "centre": "Centre",
        "radiologist": "Radiologist",
        "requester": "Requester",
        "issued": "Reported",
        "accession": "Accession no.",
        "measurements": "Measurements",
        "report": "Report",
        "images": "Images",
        "links": "Links",
        "recipient": "Recipient",
        "enclosures": "Enclosed",
        "reference": "Ref.",
    },
    no_conclusion="The report has no separate conclusion: please read the report itself.",
    on="of",
    more_measurements="and {} more measurements in the report",
    summary_file="Summary",
    not_enclosed="The full report could not be enclosed: it can be read with the link above.",
    automatic="Sent automatically by the imaging centre's gateway; "
    "it contains health data under medical confidentiality.",
    unknown_exam="Imaging exam",
)


_FRENCH_DOCUMENT: Final = replace(
    FRENCH,
    subject=f"Document {{}} {DASH} réf. {{}}",
    title="Document médical",
    short_title="Document",
    expected={
        **FRENCH.expected,
        "final": (f"Document définitif {DASH} pour information et suite à donner",) * 2,
    },
    labels={
        **FRENCH.labels,
        "exam": "Document",
        "centre": "Structure",
        "radiologist": "Auteur",
        "issued": "Document du",
        "report": "Document",
    },
    no_conclusion=f"Le document ne comporte pas de conclusion séparée{NBSP}: voir le document.",
    not_enclosed=f"Le document n'a pas pu être joint{NBSP}: il se lit par le lien ci-dessus.",
    automatic=f"Message envoyé automatiquement par la passerelle{NBSP}; "
    "il contient des données de santé couvertes par le secret professionnel.",
    unknown_exam="Document",
)
_ENGLISH_DOCUMENT: Final = replace(
    ENGLISH,
    subject=f"Document {{}} {DASH} ref. {{}}",
    title="Medical document",
    short_title="Document",
    expected={
        **ENGLISH.expected,
        "final": (f"Final document {DASH} for information and follow-up",) * 2,
    },
    labels={
        **ENGLISH.labels,
        "exam": "Document",
        "centre": "Structure",
        "radiologist": "Author",
        "issued": "Dated",
        "report": "Document",
    },
    no_conclusion="The document has no separate conclusion: please read it.",
    not_enclosed="The document could not be enclosed: it can be read with the link above.",
    automatic="Sent automatically by the gateway; "
    "it contains health data under medical confidentiality.",
    unknown_exam="Document",
)


# What is said otherwise to the patient himself.
_TO_PATIENT: Final = {
    FRENCH.language: (
        ("pour information et suite à donner", "pour votre information"),
        ("Merci de le retirer du dossier du patient.", "Merci de ne pas en tenir compte."),
        ("des données de santé couvertes par le secret professionnel", "vos données de santé"),
        ("il se lit par le lien ci-dessus", "demandez-le à qui l'a établi"),
    ),
    ENGLISH.language: (
        ("for information and follow-up", "for your information"),
        ("Please remove it from the patient's record.", "Please disregard it."),
        ("health data under medical confidentiality", "your health data"),
        ("it can be read with the link above", "please ask whoever made it"),
    ),
}


def words(lang: str, *, document: bool = False, patient: bool = False) -> Words:
    """Return the words of `lang`: English for `en`, French otherwise.

    `document` is for what is no report, `patient` for a letter to the patient himself.
    """
    if document:
        use = _ENGLISH_DOCUMENT if lang == "en" else _FRENCH_DOCUMENT
    else:
        use = ENGLISH if lang == "en" else FRENCH
    return _to_patient(use) if patient else use


def _to_patient(use: Words) -> Words:
    def told(text: str) -> str:
        for ours, yours in _TO_PATIENT[use.language]:
            text = text.replace(ours, yours)
        return text

    return replace(
        use,
        expected={name: (told(old), told(new)) for name, (old, new) in use.expected.items()},
        withdrawn_box={name: told(text) for name, text in use.withdrawn_box.items()},
        not_enclosed=told(use.not_enclosed),
        automatic=told(use.automatic),
    )


_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def day(fhir: str) -> str:
    """Return a FHIR date as JJ/MM/AAAA, MM/AAAA or AAAA; an instant by the day in Paris."""
    if "T" in fhir:
        return _paris(fhir).strftime(FRENCH.date)
    match = _PARTIAL.fullmatch(fhir)
    if match is None:
        return fhir
    return "/".join(part for part in reversed(match.groups()) if part)


def moment(fhir: str, lang: str = "fr") -> str:
    """Return a FHIR dateTime or instant as day and hour in Paris; a date as its day."""
    return _paris(fhir).strftime(words(lang).moment) if "T" in fhir else day(fhir)


def compact_day(fhir: str) -> str:
    """Return AAAAMMJJ, with zeros for what is not known (file names)."""
    if "T" in fhir:
        return _paris(fhir).strftime("%Y%m%d")
    return fhir.replace("-", "").ljust(8, "0")


def _paris(fhir: str) -> datetime:
    instant = datetime.fromisoformat(fhir)
    if instant.tzinfo is None:
        return instant.replace(tzinfo=PARIS)
    try:
        return instant.astimezone(PARIS)
    except OverflowError:
        # At either end of the years there is no such moment in Paris.
        return instant


_MATRICULE: Final = re.compile(r"(\d)(\d\d)(\d\d)(\d[\dAB])(\d{3})(\d{3})(\d\d)")


def spaced_ins(matricule: str) -> str:
    """Return the 15 characters of an INS as they are read aloud: `2 79 03 51 215 189 89`."""
    match = _MATRICULE.fullmatch(matricule.replace(" ", ""))
    return NBSP.join(match.groups()) if match else matricule


def given_name(name: str) -> str:
    """Return a given name with capitals at the start of its parts when it is all capitals."""
    return name.title() if name.isupper() else name


def number(value: object, lang: str = "fr") -> str:
    """Return a decimal with the digits it came with, the decimal sign and minus of `lang`."""
    return str(value).replace(".", words(lang).decimal).replace("-", "\u2212")
