"""The composition root: builds everything, imported by nobody."""
