"""Speed and memory as ratios to a floor timed in the same run. `python -m benchmarks [NAME...] [--json]`."""
