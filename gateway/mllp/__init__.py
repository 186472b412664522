"""The MLLP door: HL7 v2 messages over persistent TCP connections."""
