"""Which flags of the table MetaDMPMSS may stand together (CI-SIS CDA in HL7 v2, 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# All ten, in this order.
ORDER: Final = (
    "MASQUE_PS",
    "INVISIBLE_PATIENT",
    "INVISIBLE_REP_LEGAUX",
    "CONNEXION_SECRETE",
    "MODIF_CONF_CODE",
    "DESTDMP",
    "DESTMSSANTEPS",
    "DESTMSSANTEPAT",
    "ACK_RECEPTION",
    "ACK_LECTURE_MSS",
)
# The matrix of the guide for what goes by secure mail; a flag that is not named may be either.
_ALLOWED: Final[tuple[dict[str, str], ...]] = (
    # To professionals and to the patient.
    {
        "MASQUE_PS": "N",
        "INVISIBLE_PATIENT": "N",
        "INVISIBLE_REP_LEGAUX": "N",
        "DESTMSSANTEPS": "Y",
        "DESTMSSANTEPAT": "Y",
    },
    # To professionals only: the patient does not see the document.
    {
        "MASQUE_PS": "N",
        "INVISIBLE_PATIENT": "Y",
        "INVISIBLE_REP_LEGAUX": "N",
        "DESTMSSANTEPS": "Y",
        "DESTMSSANTEPAT": "N",
    },
    # To the patient only.
    {
        "INVISIBLE_PATIENT": "N",
        "CONNEXION_SECRETE": "N",
        "DESTDMP": "N",
        "DESTMSSANTEPS": "N",
        "DESTMSSANTEPAT": "Y",
    },
)
_MAILED: Final = ("DESTMSSANTEPS", "DESTMSSANTEPAT")
_VALUES: Final = frozenset({"Y", "N"})


def flag_faults(flags: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return what is wrong with the list of flags, in sentences; () when it is whole.

    `flags` are pairs of OBX-3.1 and OBX-5.1, in the order they came.
    """
    names = [name for name, _ in flags]
    values = dict(flags)
    missing = [name for name in ORDER if name not in values]
    known = [name for name in names if name in ORDER]
    faults = []
    if missing:
        faults.append(f"The flags {', '.join(missing)} are missing.")
    if len(set(names)) < len(names):
        faults.append("A flag of the table MetaDMPMSS is there twice.")
    elif known != [name for name in ORDER if name in values]:
        faults.append("The flags are not in the order of the table MetaDMPMSS.")
    if wrong := [name for name in known if values[name] not in _VALUES]:
        faults.append(f"The flags {', '.join(wrong)} are neither Y nor N.")
    return tuple(faults)


def is_allowed(flags: Sequence[tuple[str, str]]) -> bool:
    """Say whether the matrix of the guide has the combination.

    A document that goes to nobody by secure mail is not in the matrix and may have any flags.
    """
    values = dict(flags)
    if all(values.get(name) == "N" for name in _MAILED):
        return True
    return any(all(values.get(name) == value for name, value in row.items()) for row in _ALLOWED)
