"""The benchmarks: the real gateway beside a floor, measured in the same run."""
