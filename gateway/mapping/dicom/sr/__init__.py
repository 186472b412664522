"""Structured reports to FHIR: reports, measurements, dose, bone density."""
