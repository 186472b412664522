"""FHIR R4 as plain dicts: pure, no I/O."""
