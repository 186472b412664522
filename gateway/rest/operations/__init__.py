"""The operations of the FHIR door, one file each: https://hl7.org/fhir/R4/operations.html."""

from __future__ import annotations
