"""DICOMweb: STOW-RS, QIDO-RS, WADO-RS and WADO-URI below /dicom-web (PS3.18)."""
