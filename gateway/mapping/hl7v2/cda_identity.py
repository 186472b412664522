"""Whether a CDA document speaks of the patient of its message, by the INS of both.

CI-SIS, "Transmission d'un document CDA-R2 en HL7 v2" 2.1: PID-3 equals the identifiers of the
document; codes 903 to 905. The guide's own sample of a withdrawn laboratory report has another INS
in its document: a site that is not strict is told, and takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.cda.patient import patient_identifiers
from gateway.errors import Invalid, Issue
from gateway.mapping.hl7v2.context import DOCUMENT_GUIDES
from gateway.mapping.hl7v2.ins import INS_TYPES, ins_oid
from gateway.mapping.hl7v2.pid_identifiers import is_qualified

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.gathering import Gathering


class _Fault(NamedTuple):
    err_code: str
    text: str


_ABSENT: Final = _Fault("903", "The CDA document does not hold the INS of the patient.")
_OTHER: Final = _Fault("904", "The INS of the CDA document is not that of PID-3.")
_INCOMPLETE: Final = _Fault("905", "The INS of the CDA document is incomplete.")


def check_document_patient(content: bytes, location: str, gathering: Gathering) -> bool:
    """Say whether the document is the patient's, and report one that is not.

    Raises `Invalid` instead when the site is strict.

    Only for the French document guides, and a PID whose INS counts (PID-32 VALI).
    """
    fault = _fault(content, gathering)
    if fault is None:
        return True
    if gathering.context.strict_flags:
        issue = Issue(fault.text, None, location, "invalid", err_code=fault.err_code)
        raise Invalid(fault.text, issues=(issue,))
    gathering.warn(fault.text, location)
    return False


def _fault(content: bytes, gathering: Gathering) -> _Fault | None:
    known = _known(gathering) if gathering.guide in DOCUMENT_GUIDES else set()
    if not known:
        return None
    named = [one for one in patient_identifiers(content) if one.root in INS_TYPES]
    if not named:
        return _ABSENT
    if not all(one.extension for one in named):
        return _INCOMPLETE
    return None if known & {one.extension for one in named} else _OTHER


def _known(gathering: Gathering) -> set[str]:
    """Return the values of the INS in PID-3, none when they do not count."""
    pid = gathering.message.first("PID")
    if pid is None or not is_qualified(pid):
        return set()
    return {cx.text(1) for cx in pid.values(3) if ins_oid(cx) and cx.text(1)}
