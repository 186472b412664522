"""What goes out with a resource, or is told of in it: each of these may have a label of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.delivery.dossier import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.fhir.wire import Resource

    # Reads `Type/id`; finds what refers to it: type, search parameter, target.
    Read = Callable[[str], Resource | None]
    Referring = Callable[[str, str, str], list[Resource]]

_REPORT = "DiagnosticReport"
_DOCUMENT = "DocumentReference"


def carried(resource: Resource, subject: str, read: Read, referring: Referring) -> list[Resource]:
    """Return the patient (`Type/id`), the orders and, of a report, its results, images, documents.

    A document is that of the reports that it is related to, and of their orders.
    """
    kind = resource.get("resourceType")
    if kind == _REPORT:
        told = [*resource.get("result", ()), *resource.get("imagingStudy", ())]
    else:
        related = resource.get("context", {}).get("related", ()) if kind == _DOCUMENT else ()
        told = [one for one in related if _literal(one).startswith(f"{_REPORT}/")]
    told += resource.get("basedOn", ())
    found = _held([subject, *map(_literal, told)], read)
    if kind == _DOCUMENT:
        reports = [one for one in found if one.get("resourceType") == _REPORT]
        found += _held([_literal(o) for one in reports for o in one.get("basedOn", ())], read)
    if kind in (_REPORT, _DOCUMENT):
        found += referring(_DOCUMENT, "related", f"{kind}/{resource['id']}")
    return found


def _held(names: Iterable[str], read: Read) -> list[Resource]:
    return [one for name in dict.fromkeys(names) if name.count("/") == 1 and (one := read(name))]


def _literal(element: Resource) -> str:
    return plain(str(element.get("reference", "")))
