"""From FHIR to CDA R2: documents that physicians' software files by itself."""
