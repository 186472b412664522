"""NDL and CNN: the persons of OBR-32 to OBR-35, read as an XCN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.message import Value

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message

# CNN-9 to CNN-11 are the parts of XCN-9.
_BEFORE_AUTHORITY: Final = 8


def ndl_person(value: Value, message: Message) -> Value:
    """Return the person of an NDL as an XCN (HL7 v2.5.1 chapter 2A, 2.A.47 and 2.A.10).

    NDL-1 is a CNN in subcomponents; senders that put an XCN there are read as they mean it.
    """
    marks = message.delimiters
    person = value.raw.split(marks.component, 1)[0]
    if marks.subcomponent not in person:
        return value
    parts = person.split(marks.subcomponent)
    authority = marks.subcomponent.join(parts[_BEFORE_AUTHORITY:])
    head = parts[:_BEFORE_AUTHORITY] + [""] * (_BEFORE_AUTHORITY - len(parts))
    return Value(marks.component.join((*head, authority)), marks, message.charset)
