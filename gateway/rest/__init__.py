"""The FHIR door: one interaction, one file, joined by one table of routes."""
