"""The content tree of an SR document, whatever its template and its faults.

PS3.3 C.17.3. Nothing is refused: an item without name, value or relationship is an item without
them. Depth costs memory, not stack.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.dicom.attributes import CODE_MEANING, CONCEPT_NAME_CODE
from gateway.dicom.json_model import items, names, text, values
from gateway.dicom.sr import attributes as tag
from gateway.dicom.sr.codes import Term, term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.dicom.json_model import Model

_TEXTS: Final = {
    "TEXT": tag.TEXT_VALUE,
    "DATETIME": tag.DATETIME,
    "DATE": tag.DATE,
    "TIME": tag.TIME,
    "UIDREF": tag.UID,
}
_MODIFIERS: Final = frozenset({"HAS CONCEPT MOD", "HAS OBS CONTEXT", "HAS PROPERTIES"})


@dataclass(slots=True, eq=False)
class Item:
    """One content item; `place` is its position from the root, `1.3.2`, or its number when deep.

    `target` is the item that one with a relationship by reference points to.
    """

    model: Model
    place: tuple[int, ...] = (1,)
    children: list[Item] = field(default_factory=list)
    target: Item | None = None

    @property
    def kind(self) -> str:
        """The value type; `NUM`, `CODE`, `CONTAINER`..."""
        return text(self.model, tag.VALUE_TYPE).upper()

    @property
    def relationship(self) -> str:
        """How the item belongs to its parent; `CONTAINS`, `HAS CONCEPT MOD`..."""
        return text(self.model, tag.RELATIONSHIP_TYPE).upper()

    @property
    def name(self) -> Model:
        """The item of the concept name code, empty without one."""
        return _first(self.model, CONCEPT_NAME_CODE)

    @property
    def term(self) -> Term:
        """What the item is called, in today's coding schemes."""
        return term(self.name)

    @property
    def meaning(self) -> str:
        """What the item is called, in words."""
        return text(self.name, CODE_MEANING)

    @property
    def code(self) -> Model:
        """The code of a CODE item, empty without one."""
        return _first(self.model, tag.CONCEPT_CODE)

    @property
    def value(self) -> str:
        """The value in words, empty when there is none."""
        if self.kind == "PNAME":
            return next(
                (" ".join(_spoken(name)) for name in names(self.model, tag.PERSON_NAME)), ""
            )
        if self.kind == "CODE":
            return text(self.code, CODE_MEANING)
        # Value and value type do not always agree.
        order = (_TEXTS.get(self.kind, tag.TEXT_VALUE), *_TEXTS.values())
        return next((found for name in order if (found := text(self.model, name))), "")

    @property
    def measured(self) -> Model:
        """The item of the measured value of a NUM, empty without one."""
        return _first(self.model, tag.MEASURED_VALUE)

    @property
    def referenced(self) -> tuple[tuple[str, str], ...]:
        """SOP class and instance UID of what an IMAGE, COMPOSITE or WAVEFORM points to."""
        found = (
            (text(one, tag.REFERENCED_SOP_CLASS), text(one, tag.REFERENCED_SOP_INSTANCE))
            for one in items(self.model, tag.REFERENCED_SOP)
        )
        return tuple(pair for pair in found if pair[1])

    def walk(self) -> Iterator[Item]:
        """Give this item and all below it, parents first, in their order."""
        waiting = [self]
        while waiting:
            item = waiting.pop()
            yield item
            waiting.extend(reversed(item.children))

    def find(self, *terms: Term) -> Item | None:
        """Return the first child of one of these names."""
        return next((child for child in self.children if child.term in terms), None)

    def modifiers(self) -> list[Item]:
        """Return the children that say something about this item itself."""
        return [child for child in self.children if child.relationship in _MODIFIERS]


def read_tree(model: Model) -> Item:
    """Return the root of the content tree of a document."""
    root = Item(model)
    by_place = {root.place: root}
    waiting, count = [root], 0
    while waiting:
        parent = waiting.pop()
        for position, child in enumerate(items(parent.model, tag.CONTENT), start=1):
            count += 1
            item = Item(child, (*parent.place, position) if _shallow(parent) else (0, count))
            parent.children.append(item)
            by_place[item.place] = item
            waiting.append(item)
    for item in root.walk():
        item.target = by_place.get(_target(item))
    return root


# Places of deeper items would take memory by the square of the depth.
_DEEPEST_PLACE: Final = 64


def _shallow(parent: Item) -> bool:
    return parent.place[0] == 1 and len(parent.place) < _DEEPEST_PLACE


def _target(item: Item) -> tuple[int, ...]:
    found = values(item.model, tag.REFERENCED_CONTENT_ITEM)
    return tuple(one for one in found if isinstance(one, int))


def template(root: Item) -> str:
    """Return the template identifier that the root claims, empty without one."""
    return text(_first(root.model, tag.CONTENT_TEMPLATE), tag.TEMPLATE_IDENTIFIER)


def _spoken(name: tuple[str, ...]) -> list[str]:
    family, given, _, _, _ = name
    return [part for part in (given, family) if part]


def _first(model: Model, sequence: int) -> Model:
    return next(iter(items(model, sequence)), {})
