"""CDA R2 documents: what is read from their header and body."""
