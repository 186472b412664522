"""Passerelle: a FHIR R4 gateway between practices, radiology centres and treating physicians."""
