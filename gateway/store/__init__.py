"""The store: `transaction()` is the only way to write."""
