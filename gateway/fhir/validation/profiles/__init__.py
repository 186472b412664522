"""Validation against profiles (https://hl7.org/fhir/R4/profiling.html), each compiled once.

Only what a profile says beyond R4 is compiled: the base validation stands before it.
"""

from __future__ import annotations

from gateway.fhir.validation.profiles.validator import Library, ProfileValidator

__all__ = ["Library", "ProfileValidator"]
