"""Snapshots made from differentials (https://hl7.org/fhir/R4/profiling.html#snapshot)."""

from __future__ import annotations

from gateway.fhir.snapshot.generate import with_snapshot

__all__ = ["with_snapshot"]
