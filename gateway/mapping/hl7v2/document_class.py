"""The class of a document by its type: what a French shared record files it under.

JDV_J07 types to TRE_A03 classes by ASS_X04-CorrespondanceType-Classe-CISIS of 2024-02-23 (ANS,
Licence Ouverte): https://mos.esante.gouv.fr/NOS/ASS_X04-CorrespondanceType-Classe-CISIS.
"""

from __future__ import annotations

from typing import Final

from gateway.fhir.datatypes import Element, coding, concept

CLASSES: Final = "https://mos.esante.gouv.fr/NOS/TRE_A03-ClasseDocument/FHIR/TRE-A03-ClasseDocument"
# The type of a document that says no more than that it is a report.
UNTYPED: Final = "Compte rendu"

_REPORT: Final = ("10", "Compte rendu")
_TYPES: Final = {
    _REPORT: (
        "10213-7 11488-4 11490-0 11493-4 11502-2 11505-5 11506-3 11526-1 11528-7 15507-7 15508-5 "
        "24611-6 27899-4 28653-4 29274-8 29554-3 34112-3 34749-2 34794-8 34874-8 34875-5 39256-3 "
        "46241-6 47420-5 51969-4 59283-2 60568-3 67851-6 70004-7 75482-0 75492-9 75496-0 75497-8 "
        "77436-4 78513-9 78601-2 83981-1 85208-7 93024-8 96349-6"
    ),
    ("11", "Synthèse"): (
        "18761-7 34133-9 34842-5 56445-0 57055-6 57057-2 57075-4 60591-5 68599-0 68817-6 74207-2 "
        "78489-2 80820-4 83836-7 83901-9 88348-8 89235-6 SYNTH"
    ),
    ("31", "Imagerie médicale"): "18748-4 52040-3 IMG-KOS",
    ("42", "Prescription"): (
        "29551-9 52063-5 52521-2 55115-0 57828-6 57832-8 57833-6 61357-0 75468-9 PRESC-AAT "
        "PRESC-BIO PRESC-INF PRESC-KINE PRESC-ORTHOPHO PRESC-ORTHOPTIE PRESC-PEDI"
    ),
    ("44", "Plan/protocole de soins"): "18776-5 77604-7 80771-9 80788-3 83869-8 PROT_ALD",
}
_CLASSES: Final = {code: found for found, codes in _TYPES.items() for code in codes.split()}


def document_class(kind: Element) -> list[Element]:
    """Return the class of a type as `category`; none for a type that the table does not know."""
    codes = [one["code"] for one in kind.get("coding", ()) if one.get("code")]
    found = next((_CLASSES[code] for code in codes if code in _CLASSES), None)
    if found is None and not codes and kind.get("text") == UNTYPED:
        found = _REPORT
    return [concept(coding(CLASSES, *found))] if found else []
