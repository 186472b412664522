"""HL7 v2: framing, reading, writing and acknowledging; no sockets."""
