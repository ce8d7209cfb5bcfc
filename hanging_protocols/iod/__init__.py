"""The DICOM Hanging Protocol IOD (PS3.3 A.44, C.23) and ours, as DICOM JSON (PS3.18 Annex F): pure functions."""
