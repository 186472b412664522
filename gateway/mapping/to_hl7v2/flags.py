"""The flags of a French CDA transmission, in their order: the table MetaDMPMSS (CDA volet 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.mapping.hl7v2.flags import VISIBILITY
from gateway.mapping.hl7v2.obx_kind import FLAGS
from gateway.mapping.to_hl7v2.obx_value import coded_type
from gateway.mapping.to_hl7v2.target import Profile

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.mapping.to_hl7v2.obx import Observations

_YES_NO: Final = "expandedYes-NoIndicator"
_TO_PHYSICIANS: Final = "DESTMSSANTEPS"
_REPLACED: Final = "MODIF_CONF_CODE"
# Code and text, in the order in which the guide wants them.
_ALL: Final = (
    ("MASQUE_PS", "Masqué aux professionnels de Santé"),
    ("INVISIBLE_PATIENT", "Document Non Visible par le patient"),
    ("INVISIBLE_REP_LEGAUX", "Non visible par les représentants Légaux du patient"),
    ("CONNEXION_SECRETE", "Connexion Secrete"),
    (_REPLACED, "Modification Confidentiality Code"),
    ("DESTDMP", "Destinataire DMP"),
    (_TO_PHYSICIANS, "Destinataire (Professionnel de Santé, organisation ou BAL applicative)"),
    ("DESTMSSANTEPAT", "Destinataire Patient"),
    ("ACK_RECEPTION", "Accusé de réception"),
    ("ACK_LECTURE_MSS", "Accusé de lecture"),
)
# What the guide to the physician's software keeps of them.
_LPS: Final = frozenset({"MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX", _REPLACED})
# Code of TRE_A07 to the flag.
_LABELS: Final = {
    "MASQUE_PS": "MASQUE_PS",
    "INVISIBLE_PATIENT": "INVISIBLE_PATIENT",
    "INVISIBLE_REPRESENTANTS_LEGAUX": "INVISIBLE_REP_LEGAUX",
}


def write_flags(
    document: Resource, before: Resource, written: Observations, *, mailed: bool
) -> None:
    """Write the flags of a document; `mailed` when it names physicians to send it to.

    The gateway itself asks for no deposit in the shared record and for no mail to the patient.
    """
    flags = _labels(document)
    if before and _labels(before) != flags:
        flags = flags | {_REPLACED}
    if mailed:
        flags = flags | {_TO_PHYSICIANS}
    short = written.target.profile is Profile.LPS
    kind = coded_type(written.target)
    for code, text in _ALL:
        if not short or code in _LPS:
            value = ("Y" if code in flags else "N", "", _YES_NO)
            written.add(kind, (code, text, FLAGS), value)


def _labels(document: Resource) -> frozenset[str]:
    codings = (
        one for label in document.get("securityLabel", ()) for one in label.get("coding", ())
    )
    found = (one.get("code", "") for one in codings if one.get("system") == VISIBILITY)
    return frozenset(_LABELS[code] for code in found if code in _LABELS)
