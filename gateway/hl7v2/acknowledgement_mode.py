"""Which acknowledgements a sender is given: original and enhanced mode.

HL7 v2.5.1 chapter 2, 2.9.2 and 2.9.3; tables HL70008 and HL70155.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message

# Type, event, processing id and version: what a header can be rejected for (2.9.3, step 1).
_HEADER_REJECTED: Final = frozenset({"200", "201", "202", "203"})
_ALWAYS: Final = "AL"


@dataclass(frozen=True, slots=True)
class Mode:
    """MSH-15 and MSH-16: when the sender wants the accept and the application acknowledgement."""

    accept: str = ""
    application: str = ""

    @property
    def is_original(self) -> bool:
        """Whether one answer is given in any case: both are empty."""
        return not self.accept and not self.application


def mode_of(received: Message | None, agreed: str = "") -> Mode:
    """Return the mode of a message; `agreed` (original, enhanced) overrules what it says.

    What is agreed to be enhanced and does not say when to answer is always answered.
    """
    if received is None or agreed == "original":
        return Mode()
    header = received.msh()
    mode = Mode(header.text(15), header.text(16))
    return Mode(_ALWAYS, _ALWAYS) if agreed == "enhanced" and mode.is_original else mode


def acknowledgement_codes(mode: Mode, code: str, err_code: str = "0") -> tuple[str, ...]:
    """Return the codes to answer with, in order, when processing ended with `code`.

    `code` is AA, AE or AR and `err_code` why. Nothing is answered before the commit. CA says that
    the message is committed, be it to the journal alone; CR that its header is not taken here; CE
    that it could not be kept. A sender that asked for no application answer hears of a refused
    content by CE instead of CA: it would never know otherwise.
    """
    if mode.is_original:
        return (code,)
    accept = _accept_code(mode, code, err_code)
    codes = [accept] if _asked(mode.accept, accepted=accept == "CA") else []
    if (accept == "CA" or not codes) and _asked(mode.application, accepted=code == "AA"):
        codes.append(code)
    return tuple(codes)


def _accept_code(mode: Mode, code: str, err_code: str) -> str:
    if code == "AA":
        return "CA"
    if code == "AR":
        return "CE"
    if err_code in _HEADER_REJECTED:
        return "CR"
    return "CA" if _asked(mode.application, accepted=False) else "CE"


def _asked(condition: str, *, accepted: bool) -> bool:
    """Table HL70155: always, never, on error, on success."""
    return condition in (_ALWAYS, "SU" if accepted else "ER")
