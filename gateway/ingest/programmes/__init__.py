"""The flows of the care programmes: what is decided there is decided inside the write."""
