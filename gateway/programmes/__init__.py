"""The care programmes: pure functions over resources, and over definitions that are content."""
