"""Terminology, pure: https://hl7.org/fhir/R4/terminology-service.html.

Code systems, value sets and concept maps come from a `Resolver`; nothing here reads a file of the
installation, a database or a clock.
"""

from __future__ import annotations
