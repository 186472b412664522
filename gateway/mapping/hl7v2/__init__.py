"""HL7 v2 to FHIR R4: one file a segment, one a datatype, one table of messages.

Follows the HL7 "v2-to-FHIR" guide 1.0.0 (http://hl7.org/fhir/uv/v2mappings), and where they differ
the French guides (PAM-FR, CI-SIS CDA-R2 in HL7 v2, téléradiologie).
"""

from __future__ import annotations

from gateway.mapping.hl7v2.context import Context
from gateway.mapping.hl7v2.messages import map_message

__all__ = ["Context", "map_message"]
