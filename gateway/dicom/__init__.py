"""DICOM data without a network: attributes, the JSON model, SOP classes."""
