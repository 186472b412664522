"""The numbers of an order, report or appointment: placer, filler, accession."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.mapping.to_hl7v2.datatypes.ei import ei, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Repetition
    from gateway.mapping.to_hl7v2.target import Target


class Numbers(NamedTuple):
    """Identifiers by what they are; {} for what is not there."""

    placer: Element
    filler: Element
    accession: Element

    def or_else(self, other: Numbers) -> Numbers:
        """Complete what is missing."""
        return Numbers(*(own or given for own, given in zip(self, other, strict=True)))

    def first(self) -> Element:
        """Return the best one: the placer's, the filler's, the accession number."""
        return next((one for one in self if one), {})

    def eis(self, target: Target) -> tuple[Repetition, Repetition]:
        """Return placer and filler number as fields 2 and 3 of ORC and OBR."""
        return ei(self.placer, target), ei(self.filler, target)


def order_numbers(order: Resource) -> Numbers:
    """Return the numbers of a ServiceRequest."""
    return _numbers(order.get("identifier", ()))


def report_numbers(report: Resource, order: Resource) -> Numbers:
    """Return the numbers of a report; those of its order where it has none of its own.

    A number of a report that has no type names the report, not the order: it is the filler's.
    """
    held = list(report.get("identifier", ()))
    typed = Numbers(*(_typed(held, kind) for kind in ("PLAC", "FILL", "ACSN")))
    return typed.or_else(order_numbers(order))


def _numbers(identifiers: Iterable[Element]) -> Numbers:
    held = list(identifiers)
    return Numbers(*(numbered(held, kind) for kind in ("PLAC", "FILL", "ACSN")))


def _typed(identifiers: list[Element], kind: str) -> Element:
    return numbered([one for one in identifiers if "type" in one], kind)
