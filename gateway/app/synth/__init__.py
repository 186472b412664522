"""A synthetic region: structures, people and care that never were, always the same for one seed."""
