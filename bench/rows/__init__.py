"""The benchmarks, one file a family of rows."""
