"""The DICOM door: C-ECHO and C-STORE."""
