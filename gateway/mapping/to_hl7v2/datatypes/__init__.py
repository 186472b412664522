"""FHIR datatypes as values of HL7 v2 fields, one file a type."""
