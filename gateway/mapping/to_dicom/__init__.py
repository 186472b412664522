"""FHIR to DICOM: what is asked of modalities and shown to archives."""
