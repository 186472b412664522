"""FHIR R4 to HL7 v2, by the tables of `gateway.mapping.hl7v2` the other way.

One file a segment, one a datatype, one table of messages. What is written here is read there as
the same essentials; what a receiver asks for by version and guide stands in `Target`.
"""

from __future__ import annotations

from gateway.mapping.to_hl7v2.messages import write_message
from gateway.mapping.to_hl7v2.sources import Sources, Writing
from gateway.mapping.to_hl7v2.target import Profile, Target

__all__ = ["Profile", "Sources", "Target", "Writing", "write_message"]
