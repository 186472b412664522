"""From the other standards to FHIR and back: pure, without clock, chance or database."""
