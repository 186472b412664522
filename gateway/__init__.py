"""Passerelle: a FHIR R4 gateway between practices, radiology centres and treating physicians."""

__version__ = "0.1.0"
