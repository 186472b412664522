"""Conditions on other resources: chains, _has, _list.

https://hl7.org/fhir/R4/search.html#chaining
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.search.clauses import UnknownParameter, known_parameter, read_clause
from gateway.fhir.search.conditions import EVERY_TYPE, AnyOf, Chain, Has, Members
from gateway.fhir.search.includes import NOT_FOLLOWED
from gateway.fhir.search.parameters import Kind
from gateway.fhir.search.values import InvalidSearch, TooCostly, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.search.conditions import Condition
    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.search.reader import Reader

HAS: Final = "_has:"

_LIST: Final = re.compile(r"(?:List/)?([A-Za-z0-9\-.]{1,64})")


def read_condition(
    reader: Reader, resource_type: str, name: str, text: str, depth: int = 0
) -> Condition:
    """Read any parameter that is a condition on resources of a type.

    `depth` is how many references were followed already. Raises `Unsupported`, `InvalidSearch`.
    """
    if name.startswith(HAS):
        source, code, rest = has_parts(name)
        return has(
            reader,
            (resource_type, source, code),
            lambda: read_condition(reader, source, rest, text, depth + 1),
            depth + 1,
        )
    head, dot, rest = name.partition(".")
    if dot:
        return chain(
            reader,
            known_reference(resource_type, head),
            lambda target: read_condition(reader, target, rest, text, depth + 1),
            depth + 1,
        )
    if name == "_list":
        return _members(reader, text)
    return read_clause(reader, resource_type, name, text)


def has_parts(name: str) -> tuple[str, str, str]:
    """Return the source, its reference parameter and the rest of `_has:Type:reference:rest`."""
    source, _, rest = name.removeprefix(HAS).partition(":")
    code, _, rest = rest.partition(":")
    if not (source and code and rest):
        message = "_has is written _has:Type:reference-parameter:parameter."
        raise InvalidSearch(message, expression="_has")
    if source not in resource_types():
        message = f"{source[:64]} is not a resource type of FHIR R4."
        raise Unsupported(message, expression="_has")
    return source, code, rest


def has(
    reader: Reader, link: tuple[str, str, str], inner: Callable[[], Condition], depth: int
) -> Has:
    """Return the condition that some resource points here.

    `link` is (type of this resource, source, reference parameter of the source). Raises
    `Unsupported` or `InvalidSearch`.
    """
    resource_type, source, code = link
    found, _ = known_reference(source, code)
    reader.take_lookup(depth)
    reader.take_condition()
    if found.targets and resource_type not in (*found.targets, EVERY_TYPE):
        message = f"{code} of {source} cannot point to a {resource_type}."
        raise InvalidSearch(message, expression="_has")
    return Has(source, found, inner())


def known_reference(resource_type: str, name: str) -> tuple[SearchParameter, str]:
    """Return the parameter of `code` or `code:Type`, and the type, "" for any.

    Raises `Unsupported` or `InvalidSearch`.
    """
    code, _, target = name.partition(":")
    found = known_parameter(resource_type, code)
    if found.kind is not Kind.REFERENCE:
        message = f"{code} of {resource_type} is not a reference: nothing can follow it."
        raise Unsupported(message, expression=code)
    if not found.followed:
        message = f"{code} of {resource_type}: {NOT_FOLLOWED}"
        raise Unsupported(message, expression=code)
    if target and target not in resource_types():
        message = f"{name[:64]} does not name a resource type."
        raise Unsupported(message, expression=code)
    if target and found.targets and target not in found.targets:
        message = f"{code} of {resource_type} cannot point to a {target}."
        raise InvalidSearch(message, expression=code)
    return found, target


def chain(
    reader: Reader,
    link: tuple[SearchParameter, str],
    inner: Callable[[str], Condition],
    depth: int,
) -> Chain:
    """Return the condition on what `link` points to, over all its types that know the parameter.

    `inner` reads the condition for one type. Raises `Unsupported` or `InvalidSearch`.
    """
    found, target = link
    targets = (target,) if target else found.targets or tuple(sorted(resource_types()))
    reader.take_condition()
    branches: list[tuple[str, Condition]] = []
    faults: list[GatewayError] = []
    for each in targets:
        reader.take_lookup(depth)
        try:
            branches.append((each, inner(each)))
        except TooCostly:
            raise
        except (Unsupported, InvalidSearch) as fault:
            faults.append(fault)
    if not branches:
        raise _worst(faults, found)
    return Chain(found, tuple(branches))


def _worst(faults: list[GatewayError], found: SearchParameter) -> GatewayError:
    """Return what to say when no type will do: rather a value's fault than an unknown name."""
    known = [fault for fault in faults if not isinstance(fault, UnknownParameter)]
    if known or len(faults) == 1:
        return (known or faults)[0]
    # Each fault names the same parameter, of another type.
    code = faults[0].issues[0].expression
    message = f"{code} is not a search parameter of any type that {found.code} points to."
    return UnknownParameter(message, expression=code)


def _members(reader: Reader, text: str) -> Condition:
    pieces = split(text, ",")
    reader.take_values(len(pieces))
    conditions = tuple(Members(_list_id(piece)) for piece in pieces)
    return conditions[0] if len(conditions) == 1 else AnyOf(conditions)


def _list_id(text: str) -> str:
    if text.startswith("$"):
        message = f"The list {text[:64]} is not kept here: _list takes the id of a List."
        raise Unsupported(message, expression="_list")
    literal = _LIST.fullmatch(text)
    if literal is None:
        message = "_list takes the id of a List."
        raise InvalidSearch(message, expression="_list")
    return literal[1]
