"""What an expression is made of, once read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written; `{}` has none."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """An element, or at the beginning the name of a type."""

    name: str


@dataclass(frozen=True, slots=True)
class External:
    """`%name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Special:
    """`$this`, `$index` or `$total`."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and what stands in its brackets."""

    name: str
    arguments: tuple[Syntax, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Step:
    """`left.right`."""

    left: Syntax
    right: Name | Call


@dataclass(frozen=True, slots=True)
class Indexed:
    """`left[index]`."""

    left: Syntax
    index: Syntax


@dataclass(frozen=True, slots=True)
class Signed:
    """`-operand` or `+operand`."""

    sign: str
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands."""

    sign: str
    left: Syntax
    right: Syntax


@dataclass(frozen=True, slots=True)
class Typed:
    """`left is Type` or `left as Type`."""

    sign: str
    left: Syntax
    type: str


Syntax = Literal | Name | External | Special | Call | Step | Indexed | Signed | Binary | Typed


def parts(syntax: Syntax) -> tuple[Syntax, ...]:
    """Return what a piece of syntax is made of."""
    match syntax:
        case Call(_, arguments, _):
            return arguments
        case Step(left, right) | Indexed(left, right) | Binary(_, left, right):
            return left, right
        case Signed(_, operand) | Typed(_, operand, _):
            return (operand,)
        case _:
            return ()
