"""The story of the CPTS imaging circuit: one patient, invented, and what each system says of her.

Nobody in it exists. The INS has the test authority of the ANS and an order number (000) that is
never given out, RPPS and FINESS are of ranges that are never given out, authorities are under the
OID arc for examples (2.999), mail addresses under the domain for examples (RFC 2606).
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_OID, uuid5

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource

# The patient, as the INS teleservice knows her and as she is called.
INS_OID: Final = "1.2.250.1.213.1.4.10"
INS: Final = "268056748200070"
FAMILY: Final = "DEMO-KELLER"
GIVEN: Final = "MARGUERITE"
USED_NAME: Final = "DEMO-WEBER"
BIRTH_DATE: Final = "19680512"

# The health house, its numbers, and the treating physician.
HOUSE: Final = "MAISON DE SANTE DE L'ILL (DEMO)"
HOUSE_IPP_OID: Final = "2.999.67.1.1"
HOUSE_ORDER_OID: Final = "2.999.67.1.2"
HOUSE_IPP: Final = "MS004512"
PHYSICIAN: Final = "Dr DEMO-MULLER Claire"
PHYSICIAN_RPPS: Final = "99700991005"
MAILBOX: Final = "claire.demo-muller@maison-sante-ill.example"

# The radiology centre, its numbers, and the radiologist.
CENTRE: Final = "IMAGERIE DE L'ILL (DEMO)"
CENTRE_FINESS: Final = "670999994"
CENTRE_IPP_OID: Final = "2.999.67.2.1"
CENTRE_ORDER_OID: Final = "2.999.67.2.2"
CENTRE_ACCESSION_OID: Final = "2.999.67.2.3"
CENTRE_IPP: Final = "R0098231"
RADIOLOGIST: Final = "Dr DEMO-SCHMITT Paul"
RADIOLOGIST_RPPS: Final = "99700992003"

EXAM_LOINC: Final = "30620-9"
EXAM: Final = "Scanner du rachis lombaire sans injection"
REASON: Final = (
    "Lombosciatique gauche L5 évoluant depuis huit semaines malgré un traitement bien conduit. "
    "Conflit disco-radiculaire ?"
)
TECHNIQUE: Final = (
    "Acquisition hélicoïdale de L1 à S1, sans injection. Reconstructions en filtres osseux et "
    "parties molles."
)
FINDINGS: Final = (
    "Alignement conservé, pas de tassement vertébral. L3-L4 : débord discal sans retentissement.",
    "L4-L5 : hernie discale postéro-latérale gauche qui refoule la racine L5 gauche.",
    "L5-S1 : disque respecté.",
    "Canal de calibre normal. Pas de lésion osseuse suspecte.",
)
CONCLUSION: Final = (
    "Hernie discale L4-L5 postéro-latérale gauche en conflit avec la racine L5 gauche, "
    "concordante avec la clinique. Pas de rétrécissement canalaire."
)
DOSE_MGYCM: Final = 412

_PS: Final = "ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO"
_MULLER: Final = f"{PHYSICIAN_RPPS}^DEMO-MULLER^Claire^^^Dr^^^{_PS}^L^^^RPPS"
_SCHMITT_NDL: Final = f"{RADIOLOGIST_RPPS}&DEMO-SCHMITT&Paul&&&Dr&&&{_PS}"
_TRAITS: Final = (
    f"{FAMILY}^{GIVEN}^{GIVEN} ANNE^^MME^^L~{USED_NAME}^{GIVEN}^^^MME^^D||{BIRTH_DATE}|F"
)
_INS_CX: Final = f"{INS}^^^ASIP-SANTE-INS-NIR&{INS_OID}&ISO^INS"


@dataclass(frozen=True, slots=True)
class Story:
    """The story as played at `now` (French time): each playing has its own numbers."""

    now: datetime

    @property
    def number(self) -> str:
        """What makes the numbers of this playing unlike those of another."""
        return f"{self.now:%y%m%d%H%M%S}"

    @property
    def placer(self) -> str:
        """The order's number in the physician's software."""
        return f"DI{self.number}"

    @property
    def filler(self) -> str:
        """The order's number in the radiology centre."""
        return f"EX{self.number}"

    @property
    def accession(self) -> str:
        """The accession number of the examination."""
        return f"A{self.number}"

    @property
    def examined(self) -> datetime:
        """When the images were made."""
        return self.now - timedelta(minutes=25)

    def uid(self, *parts: object) -> str:
        """Return a UID made of this playing and `parts` (PS3.5 B.2)."""
        name = ".".join(str(part) for part in (self.number, *parts))
        return f"2.25.{uuid5(NAMESPACE_OID, name).int}"

    @property
    def study_uid(self) -> str:
        """The Study Instance UID."""
        return self.uid("study")

    def admission(self) -> bytes:
        """Return the ADT^A28 of the health house's software (PAM-FR 2.11)."""
        at = _written(self.now - timedelta(hours=26))
        return _message(rf"""
MSH|^~\&|AGENDA|MAISON-ILL|PASSERELLE|CPTS|{at}||ADT^A28^ADT_A05|ADT{self.number}|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8|FR||2.11^IHE_FRANCE-2.11-PAM
EVN||{at}
PID|1||{_INS_CX}~{HOUSE_IPP}^^^MAISON-ILL&{HOUSE_IPP_OID}&ISO^PI||{_TRAITS}|||12 QUAI DES PECHEURS^^STRASBOURG^^67000^FRA^H~^^^^^^BDL^^67482||^PRN^PH^^^^^^^^^0399990012|||||||||||||||||||VALI
PD1||U
ROL||UC|ODRP|{_MULLER}|||||||3 RUE DE L'ILL^{HOUSE}^STRASBOURG^^67000^FRA^O|^WPN^PH^^^^^^^^^0399990034~^NET^Internet^{MAILBOX}
PV1|1|N
ZFD|||Y|N|INSI|{self.now:%Y%m%d}
""")  # noqa: E501 - a segment is a line

    def order(self, patient: str, physician: str) -> Resource:
        """Return the ServiceRequest of the physician's software for `Type/id` references."""
        return {
            "resourceType": "ServiceRequest",
            "identifier": [
                {
                    "use": "official",
                    "type": _concept("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC"),
                    "system": f"urn:oid:{HOUSE_ORDER_OID}",
                    "value": self.placer,
                }
            ],
            "status": "active",
            "intent": "order",
            "category": [_concept("http://snomed.info/sct", "363679005")],
            "priority": "urgent",
            "code": _concept("http://loinc.org", EXAM_LOINC) | {"text": EXAM},
            "subject": {"reference": patient},
            "authoredOn": (self.now - timedelta(hours=25)).isoformat(timespec="seconds"),
            "requester": {"reference": physician, "display": PHYSICIAN},
            "reasonCode": [{"text": REASON}],
            "bodySite": [_concept("http://snomed.info/sct", "737561001") | {"text": "Rachis"}],
        }

    def report(self, pdf: bytes) -> bytes:
        """Return the ORU^R01 of the radiology centre: sections, dose, study and the PDF."""
        at = _written(self.now)
        examined = _written(self.examined)
        placer = f"{self.placer}^MAISON-ILL^{HOUSE_ORDER_OID}^ISO"
        filler = f"{self.filler}^IMAGERIE-ILL^{CENTRE_ORDER_OID}^ISO"
        exam = f"{EXAM_LOINC}^{EXAM}^LN"
        centre = f"{CENTRE}^^^^^ASIP-SANTE-ST&1.2.250.1.71.4.2.2&ISO^FINEG^^^{CENTRE_FINESS}"
        findings = "\n".join(
            f"OBX|{place}|TX|59776-5^Résultats^LN|{place - 2}|{_escaped(line)}||||||F"
            for place, line in enumerate(FINDINGS, start=3)
        )
        return _message(rf"""
MSH|^~\&|RIS|IMAGERIE-ILL|PASSERELLE|CPTS|{at}||ORU^R01^ORU_R01|ORU{self.number}|P|2.5.1^FRA|||||FRA|UNICODE UTF-8|FR
PID|1||{CENTRE_IPP}^^^IMAGERIE-ILL&{CENTRE_IPP_OID}&ISO^PI~{_INS_CX}||{_TRAITS}|||~^^^^^^BDL^^67482|||||||||||||||||||||VALI
PV1|1|O
ORC|RE|{placer}|{filler}||CM||||{at}|||{_MULLER}
OBR|1|{placer}|{filler}|{exam}|||{examined}||||||{_escaped(REASON)}|||{_MULLER}||{self.accession}||||{at}||CT|F|||||||{_SCHMITT_NDL}
OBX|1|TX|55752-0^Informations cliniques^LN||{_escaped(REASON)}||||||F
OBX|2|TX|55111-9^Technique^LN||{_escaped(TECHNIQUE)}||||||F
{findings}
OBX|7|TX|19005-8^Conclusion^LN||{_escaped(CONCLUSION)}||||||F
OBX|8|NM|113813^Produit dose.longueur total^DCM||{DOSE_MGYCM}|mGy.cm^mGy.cm^UCUM|||||F
OBX|9|HD|113014^DICOM Study^DCM||{self.study_uid}||||||F
OBX|10|ED|18748-4^CR d'imagerie médicale^LN||^application^pdf^Base64^{b64encode(pdf).decode()}||||||F|||{at}|||||||||{centre}
""")  # noqa: E501 - a segment is a line


def _written(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S%z}"


def _message(text: str) -> bytes:
    return text.strip().replace("\n", "\r").encode() + b"\r"


def _escaped(text: str) -> str:
    """Write what delimits as HL7 escapes (v2.5.1 chapter 2, 2.7.1)."""
    names = {"\\": "E", "|": "F", "^": "S", "&": "T", "~": "R"}
    return "".join(f"\\{names[mark]}\\" if mark in names else mark for mark in text)


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}
