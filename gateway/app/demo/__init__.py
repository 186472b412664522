"""The demonstration: one patient's story, played through the real doors of a real gateway."""
