"""DICOM to FHIR: studies, series and instances."""
