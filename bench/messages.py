"""Synthetic HL7 v2 messages: patients with their treating physician, radiology reports."""

from __future__ import annotations

import base64
import hashlib

from bench.people import INS_TEST, PATIENTS, Person, physician_family, rpps

_HEAD = (
    "MSH|^~\\&|RIS|CENTRE-IMAGERIE|PASSERELLE|CABINET|20260312101500||{type}|{control_id}|P|2.5.1"
    "|||||FRA|UNICODE UTF-8\r"
)
_LOCAL = "RIS&1.2.250.1.999.1.1&ISO"
_RPPS = "ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO"
_ORDERS = "EHR&1.2.250.1.999.3.1&ISO"
_RIS = "RIS&1.2.250.1.999.3.2&ISO"
_FINDINGS = (
    "Acquisition hélicoïdale sans puis après injection intraveineuse de produit de contraste.",
    "Absence d'adénopathie médiastinale ou hilaire de taille significative.",
    "Pas d'épanchement pleural ni péricardique. Silhouette cardiaque de volume normal.",
    "Nodule solide du lobe supérieur droit de 6 mm, à contours réguliers, inchangé.",
    "Étage sus-mésocolique : foie homogène, voies biliaires fines, rate de taille normale.",
    "Pas de lésion osseuse suspecte sur le volume exploré.",
)
_CONCLUSION = "Nodule pulmonaire stable. Contrôle scanographique proposé dans douze mois."
_PDF_BYTES = 20_000


def patient_message(number: int) -> bytes:
    """Return the ADT^A28 of one patient, with the treating physician."""
    person = Person(number)
    head = _HEAD.format(type="ADT^A28^ADT_A05", control_id=f"A{number:07d}")
    physician = _person(person.physician)
    return (
        f"{head}EVN||20260312101500\r{_pid(person)}"
        f"ROL||UC|ODRP|{physician}|||||||12 place du Marché^^PARIS^^75011^FRA^O\r"
    ).encode()


def report_message(number: int) -> bytes:
    """Return the ORU^R01 of report `number`, about 2 KB of text."""
    lines = "".join(
        f"OBX|{row}|TX|18782-3^Imagerie^LN||{text}||||||F\r"
        for row, text in enumerate(_FINDINGS * 2, 1)
    )
    return f"{_report(number)}{lines}{_conclusion(len(_FINDINGS) * 2 + 1, number)}".encode()


def pdf_report_message(number: int) -> bytes:
    """Return the ORU^R01 of report `number` with its own PDF: about 30 KB."""
    data = base64.b64encode(_pdf(number)).decode("ascii")
    document = (
        f"OBX|1|ED|18748-4^Compte rendu d'imagerie^LN||^application^pdf^Base64^{data}||||||F\r"
    )
    return f"{_report(number)}{document}{_conclusion(2, number)}".encode()


def accession(number: int) -> str:
    """Return the filler number of report `number`."""
    return f"B{number:08d}"


def _report(number: int) -> str:
    person = Person(number % PATIENTS)
    head = _HEAD.format(type="ORU^R01^ORU_R01", control_id=f"R{number:08d}")
    placer, filler = f"P{number:08d}^{_ORDERS}", f"{accession(number)}^{_RIS}"
    orderer = _person(person.physician)
    return (
        f"{head}{_pid(person)}"
        f"ORC|RE|{placer.replace('&', '^')}|{filler.replace('&', '^')}||CM||||20260311090000|||"
        f"{orderer}\r"
        f"OBR|1|{placer.replace('&', '^')}|{filler.replace('&', '^')}|"
        "ZBQK002^Tomodensitométrie du thorax^CCAM|||20260312093000|||||||||"
        f"{orderer}||||||20260312101500||CT|F|||||||"
        f"&{physician_family(7)}&JEANNE\r"
    )


def _conclusion(row: int, number: int) -> str:
    text = f"{_CONCLUSION} Dossier {accession(number)}."
    return f"OBX|{row}|TX|19005-8^Conclusion^LN||{text}||||||F\r"


def _pid(person: Person) -> str:
    town, code = person.town
    sex = "F" if person.is_woman else "M"
    return (
        f"PID|1||{person.ins}^^^ASIP-SANTE-INS-NIR&{INS_TEST}&ISO^INS"
        f"~BQ{person.number:06d}^^^{_LOCAL}^PI||"
        f"{person.family}^{person.given}^{person.given}^^^^L||{person.born}|{sex}|||"
        f"{person.number} rue de la Banque d'essai^^{town}^^{code}^FRA^H||"
        f"^PRN^PH^^^^^^^^^06999{person.number:05d}|||||||||||||||||||VALI\r"
    )


def _person(physician: int) -> str:
    family = physician_family(physician)
    return f"{rpps(physician)}^{family}^CLAIRE^^^^^^{_RPPS}^D^^^RPPS"


def _pdf(number: int) -> bytes:
    """Return something that reads as a PDF and is like no other."""
    head = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n% "
    )
    filling = hashlib.shake_128(b"%d" % number).hexdigest(_PDF_BYTES // 2).encode()
    return head + filling + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
