"""Structured reports without a network: the content tree (PS3.3 C.17.3)."""
