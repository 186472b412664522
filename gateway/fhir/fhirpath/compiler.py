"""Syntax into closures: one function a step, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.fhirpath.functions import FUNCTIONS, TYPED
from gateway.fhir.fhirpath.functions.fhir import extension_of
from gateway.fhir.fhirpath.functions.typing import as_type, is_type
from gateway.fhir.fhirpath.nodes import Collection, Node, children
from gateway.fhir.fhirpath.operators import binary, is_text, is_text_of, negated
from gateway.fhir.fhirpath.run import here, single, whole
from gateway.fhir.fhirpath.syntax import (
    Binary,
    Call,
    External,
    Indexed,
    Literal,
    Name,
    Signed,
    Special,
    Step,
    Syntax,
    Typed,
)
from gateway.fhir.fhirpath.types import is_a, known_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fhir.fhirpath.environment import Environment
    from gateway.fhir.fhirpath.run import Run

_URLS: Final = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "ucum": "http://unitsofmeasure.org",
}
_PREFIXED: Final = {
    "vs-": "http://hl7.org/fhir/ValueSet/",
    "ext-": "http://hl7.org/fhir/StructureDefinition/",
}


def compiled(syntax: Syntax) -> Run:
    """Return the step of a piece of syntax; raises `Invalid` for a function that is not one."""
    return _STEPS[type(syntax)](syntax)


def _literal(syntax: Literal) -> Run:
    values = list(syntax.values)
    return lambda _env, _focus: values


def _name(syntax: Name) -> Run:
    """Compile what stands at a beginning: an element, or the type of the input."""
    step = _child(syntax.name)
    name = syntax.name
    if not name[:1].isupper():
        return step

    def run(env: Environment, focus: Collection) -> Collection:
        if focus and all(isinstance(item, Node) and is_a(item, name) for item in focus):
            return focus
        return step(env, focus)

    return run


def _child(name: str) -> Run:
    def run(_env: Environment, focus: Collection) -> Collection:
        if len(focus) == 1:
            return children(focus[0], name) if isinstance(focus[0], Node) else []
        return [one for item in focus if isinstance(item, Node) for one in children(item, name)]

    return run


def _external(syntax: External) -> Run:
    name = syntax.name
    known = _known(name)
    if known is not None:
        return lambda _env, _focus: [known]

    def run(env: Environment, _focus: Collection) -> Collection:
        try:
            return env.shared.variables[name]
        except KeyError:
            message = f"The FHIRPath names %{name[:64]}, which is not given here."
            raise Invalid(message) from None

    return run


def _known(name: str) -> str | None:
    for prefix, base in _PREFIXED.items():
        if name.startswith(prefix):
            return base + name.removeprefix(prefix)
    return _URLS.get(name)


def _special(syntax: Special) -> Run:
    if syntax.name == "this":
        return lambda env, _focus: env.this
    if syntax.name == "index":
        return lambda env, _focus: [env.index]
    return lambda env, _focus: env.total or []


def _step(syntax: Step) -> Run:
    named = _type_name(syntax)
    if named.startswith("FHIR.") and named.count(".") == 1 and known_type(named):
        return _name(Name(named.removeprefix("FHIR.")))
    right = _child(syntax.right.name) if isinstance(syntax.right, Name) else compiled(syntax.right)
    left = compiled(syntax.left)
    return lambda env, focus: right(env, left(env, focus))


def _indexed(syntax: Indexed) -> Run:
    left, index = compiled(syntax.left), compiled(syntax.index)

    def run(env: Environment, focus: Collection) -> Collection:
        found, at = left(env, focus), whole(here(index, env))
        return [] if at is None or not 0 <= at < len(found) else [found[at]]

    return run


def _signed(syntax: Signed) -> Run:
    operand = compiled(syntax.operand)
    if syntax.sign == "-":
        return lambda env, focus: negated(operand(env, focus))
    return lambda env, focus: [] if single(found := operand(env, focus)) is None else found


def _binary(syntax: Binary) -> Run:
    if syntax.sign == "=" and isinstance(syntax.right, Literal) and len(syntax.right.values) == 1:
        wanted = syntax.right.values[0]
        if isinstance(wanted, str):
            left = compiled(syntax.left)
            if isinstance(syntax.left, Name):
                return is_text_of(syntax.left.name, left, wanted)
            return is_text(left, wanted)
    return binary(syntax.sign, compiled(syntax.left), compiled(syntax.right))


def _typed(syntax: Typed) -> Run:
    left = compiled(syntax.left)
    step = (is_type if syntax.sign == "is" else as_type)(_require_type(syntax.type))
    return lambda env, focus: step(env, left(env, focus))


def _call(syntax: Call) -> Run:
    given = syntax.arguments
    if syntax.name == "extension" and len(given) == 1 and isinstance(given[0], Literal):
        return _extension(given[0])
    if syntax.name in TYPED:
        named = _type_name(given[0]) if len(given) == 1 else ""
        if not named:
            message = (
                f"The FHIRPath function {syntax.name}() needs a type, at character {syntax.at + 1}."
            )
            raise Invalid(message)
        return TYPED[syntax.name](_require_type(named))
    found = FUNCTIONS.get(syntax.name)
    if found is None:
        message = (
            f"The FHIRPath has no function {syntax.name[:64]}(), at character {syntax.at + 1}."
        )
        raise Invalid(message)
    least, most, build = found
    if not least <= len(given) <= most:
        where = f"{syntax.name}() has {len(given)} arguments, at character {syntax.at + 1}"
        message = f"The FHIRPath function {where}."
        raise Invalid(message)
    return build(*map(compiled, given))


def _extension(url: Literal) -> Run:
    if len(url.values) == 1 and isinstance(url.values[0], str):
        return extension_of(url.values[0])
    return FUNCTIONS["extension"][2](_literal(url))


def _require_type(name: str) -> str:
    if not known_type(name):
        message = f"The FHIRPath names the type {name[:64]}, which is none of FHIR R4."
        raise Invalid(message)
    return name


def _type_name(syntax: Syntax) -> str:
    """Return a type that is written like a path, "" for what is none."""
    if isinstance(syntax, Name):
        return syntax.name
    if isinstance(syntax, Step) and isinstance(syntax.right, Name):
        left = _type_name(syntax.left)
        return f"{left}.{syntax.right.name}" if left else ""
    return ""


_STEPS: Final[dict[type, Callable[[Any], Run]]] = {
    Literal: _literal,
    Name: _name,
    External: _external,
    Special: _special,
    Step: _step,
    Indexed: _indexed,
    Signed: _signed,
    Binary: _binary,
    Typed: _typed,
    Call: _call,
}
