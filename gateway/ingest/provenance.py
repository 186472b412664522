"""The Provenance that comes with a write: https://hl7.org/fhir/R4/provenance.html#header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.wire import Resource
    from gateway.ingest.judgement import Judge
    from gateway.store.api import Written


def provenance_of(
    written: Sequence[Written], provenance: Resource, judge: Judge, provenance_id: str
) -> Resource | None:
    """Return it as the Provenance of the versions that were written; None when nothing was.

    Raises `Malformed` when it names targets itself, `Invalid` when it is none.
    """
    if "target" in provenance:
        message = "The Provenance in X-Provenance has no target: it is what is written."
        raise Malformed(message, expression="Provenance.target")
    targets = [
        {"reference": f"{one.stored.reference}/_history/{one.stored.version}"}
        for one in written
        if one.outcome != "unchanged"
    ]
    if not targets:
        return None
    whole = {**provenance, "id": provenance_id, "target": targets}
    judge.judge(whole, "Provenance")
    return whole
