"""One walk over a resource beside its definition, all faults collected.

The walk is a loop over what is there, each name looked up in the shape of its type; a path is a
chain of small tuples that is only written out for a fault.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Issue
from gateway.fhir.definitions import resource_types
from gateway.fhir.validation.bindings import binding_fault
from gateway.fhir.validation.scope import Scope, contained_faults, reference_faults
from gateway.fhir.validation.shapes import Field, Shape, shape

if TYPE_CHECKING:
    from gateway.fhir.validation.rules import Rule

# Deeper than any resource means to be, and far from where Python's own stack ends.
MAX_DEPTH: Final = 64
MAX_ISSUES: Final = 100

# The path above (None at the root), the name, the index (-1 without), the depth.
Path = tuple[Any, str, int, int]

_ROOT: Final[Path] = (None, "", -1, 0)
_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")
_STRUCTURE: Final = "structure"
_NULL: Final = "is null: leave it out"
# A sibling `_name` holds the id and the extensions of a primitive.
_WITHOUT_SIBLING: Final = frozenset({"key", "xhtml"})


class _Enough(Exception):
    """More faults than anybody reads."""


def validate(resource: Any, *, expected_type: str | None = None) -> tuple[Issue, ...]:  # noqa: ANN401 - any JSON
    """Return every fault of a resource against base R4, with its FHIRPath and a sentence.

    Empty when there is none. Takes any JSON value, as `wire.loads` reads it; never raises. At most
    100 faults are listed.
    """
    walk = _Walk()
    try:
        walk.resource(resource, _ROOT, expected_type)
    except _Enough:
        text = f"There are more than {MAX_ISSUES} faults: the rest is not listed."
        walk.issues.append(Issue(text, code="too-costly"))
    return tuple(walk.issues)


def expression(path: Path) -> str:
    """Return the FHIRPath of a place."""
    steps: list[str] = []
    here: Path | None = path
    while here is not None:
        above, name, index, _ = here
        if name:
            steps.append(f"{name}[{index}]" if index >= 0 else name)
        here = above
    return ".".join(reversed(steps))


class _Walk:
    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self._scope = Scope({})

    def resource(self, value: Any, path: Path, expected: str | None = None) -> None:  # noqa: ANN401 - any JSON
        """Check a resource: the whole, a contained one, or that of an entry."""
        name = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(name, str) or name not in resource_types():
            self._fault(path, "must be an object with a resourceType of FHIR R4", _STRUCTURE)
            return
        here = path if path[1] else (None, name, -1, 0)
        if expected is not None and name != expected:
            self._fault(here, f"is not the {expected} that was expected", "invalid")
        outer = self._scope
        # A contained resource shares the local references of what contains it.
        if path[1] != "contained":
            self._scope = Scope(value)
        self._object(shape(name), value, here)
        for at, sentence in contained_faults(value) if "contained" in value else ():
            self._fault((here, "contained", at, 0), sentence, "invariant")
        self._scope = outer

    def _fault(self, path: Path, sentence: str, code: str) -> None:
        if len(self.issues) >= MAX_ISSUES:
            raise _Enough
        where = expression(path)
        text = f"{where or 'The resource'} {sentence}."
        self.issues.append(Issue(text, where or None, code=code))

    def _object(self, one: Shape, value: dict[str, Any], path: Path) -> None:
        depth = path[3] + 1
        if depth > MAX_DEPTH:
            self._fault(path, f"is nested more than {MAX_DEPTH} levels deep", "too-long")
            return
        fields = one.fields
        chosen: list[Field] = []
        for name, item in value.items():
            field = fields.get(name) or self._unlisted(one, name, path)
            if field is None:
                continue
            if field.choice:
                chosen.append(field)
            if name != field.name:
                self._sibling(field, item, value.get(field.name), (path, field.name, -1, depth))
            elif field.high == 1:
                # Most of a resource is single primitives with nothing wrong: no path, no call.
                if field.value_set or field.check is None or field.check(item):
                    self._single(field, item, (path, name, -1, depth))
            else:
                self._many(field, item, value, (path, name, -1, depth))
        self._whole(one, value, chosen, path)

    def _whole(self, one: Shape, value: dict[str, Any], chosen: list[Field], path: Path) -> None:
        """Check what concerns an object as a whole."""
        if not value or (len(value) == 1 and "id" in value):
            self._fault(path, "is empty: leave it out (ele-1)", _STRUCTURE)
        if len(chosen) > 1:
            self._choices(chosen, path)
        for names in one.required:
            if names[0] not in value and not _any_there(names, value):
                field = one.fields[names[0]]
                self._fault((path, field.choice or field.name, -1, 0), "is required", "required")
        for rule in one.rules:
            self._rule(rule, value, path)

    def _choices(self, chosen: list[Field], path: Path) -> None:
        for choice in sorted({field.choice or "" for field in chosen}):
            if len({field.name for field in chosen if field.choice == choice}) > 1:
                self._fault(path, f"has more than one {choice}[x]", _STRUCTURE)

    def _rule(self, rule: Rule, value: dict[str, Any], path: Path) -> None:
        try:
            kept = rule.holds(value)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, ArithmeticError):
            # The parts that the rule reads have a wrong shape, which is told as such.
            return
        if not kept:
            self._fault(path, f"{rule.sentence} ({rule.key})", "invariant")

    def _unlisted(self, one: Shape, name: str, path: Path) -> Field | None:
        """Return the field that `_name` belongs to; a name that is no element's is a fault."""
        field = one.fields.get(name[1:]) if name[:1] == "_" else None
        if field is not None and field.check and field.type not in _WITHOUT_SIBLING:
            return field
        if name == "resourceType" and "." not in one.path and one.path in resource_types():
            return None
        # A name may hold anything at all: only what looks like one is repeated.
        named = _NAME.fullmatch(name) is not None
        where = (path, name, -1, 0) if named else path
        self._fault(where, "is not an element of R4" if named else _UNNAMED, _STRUCTURE)
        return None

    def _single(self, field: Field, item: Any, path: Path) -> None:  # noqa: ANN401 - any JSON
        check = field.check
        if check is None:
            self._complex(field, item, path)
            return
        sentence = check(item)
        if sentence is not None:
            self._not_primitive(item, sentence, path)
        elif field.value_set is not None:
            self._binding(field, item, path)

    def _not_primitive(self, item: Any, sentence: str, path: Path) -> None:  # noqa: ANN401 - any JSON
        if item is None:
            self._fault(path, _NULL, _STRUCTURE)
        elif isinstance(item, list):
            self._fault(path, "must not be an array", _STRUCTURE)
        else:
            self._fault(path, sentence, "value")

    def _binding(self, field: Field, item: Any, path: Path) -> None:  # noqa: ANN401 - any JSON
        sentence = binding_fault(field.value_set or "", item)
        if sentence is not None:
            self._fault(path, sentence, "code-invalid")

    def _complex(self, field: Field, item: Any, path: Path) -> None:  # noqa: ANN401 - any JSON
        if not isinstance(item, dict):
            kind = "is null: leave it out" if item is None else "must be an object"
            self._fault(path, kind, _STRUCTURE)
        elif field.type == "Resource":
            self.resource(item, path)
        else:
            self._object(shape(field.type), item, path)
            if field.type == "Reference":
                for sentence in reference_faults(item, field.targets, self._scope):
                    self._fault(path, sentence, "invariant")
            if field.value_set is not None:
                self._binding(field, item, path)

    def _many(self, field: Field, item: Any, value: dict[str, Any], path: Path) -> None:  # noqa: ANN401 - any JSON
        if not isinstance(item, list):
            self._fault(
                path, "is null: leave it out" if item is None else "must be an array", _STRUCTURE
            )
            return
        if not item:
            self._fault(path, "is an empty array: leave it out", _STRUCTURE)
        if 1 < field.high < len(item):
            self._fault(path, f"has more than {field.high} values", _STRUCTURE)
        above, name, _, depth = path
        siblings = value.get(f"_{name}") if field.check else None
        for at, one in enumerate(item):
            if one is None and _has(siblings, at):
                continue
            self._single(field, one, (above, name, at, depth))

    def _sibling(self, field: Field, item: Any, beside: Any, path: Path) -> None:  # noqa: ANN401 - any JSON
        """Check the id and extensions of a primitive (https://hl7.org/fhir/R4/json.html#primitive)."""
        above, name, _, depth = path
        if not field.many:
            self._element(item, (above, f"_{name}", -1, depth), valued=beside is not None)
            return
        if not isinstance(item, list) or not item:
            self._fault(
                (above, f"_{name}", -1, 0), "must be an array with something in it", _STRUCTURE
            )
            return
        if isinstance(beside, list) and len(beside) != len(item):
            self._fault(path, f"and _{name} must be arrays of one length", _STRUCTURE)
        for at, one in enumerate(item):
            if one is not None:
                self._element(one, (above, f"_{name}", at, depth), valued=_has(beside, at))
            elif not _has(beside, at):
                self._fault(
                    (above, f"_{name}", at, 0), "says nothing, nor does its value", _STRUCTURE
                )

    def _element(self, item: Any, path: Path, *, valued: bool) -> None:  # noqa: ANN401 - any JSON
        if not isinstance(item, dict):
            self._fault(path, "must be an object with an id or extensions", _STRUCTURE)
            return
        one = shape("Element")
        if valued and item.keys() == {"id"}:
            # The element has its value: an id beside it does not leave it empty.
            self._single(one.fields["id"], item["id"], (path, "id", -1, path[3] + 1))
        else:
            self._object(one, item, path)


def _any_there(names: tuple[str, ...], value: dict[str, Any]) -> bool:
    return any(name in value or f"_{name}" in value for name in names)


_UNNAMED: Final = "has an element whose name cannot be one"


def _has(items: Any, at: int) -> bool:  # noqa: ANN401 - any JSON
    """Whether there is something at that index."""
    return isinstance(items, list) and at < len(items) and items[at] is not None
