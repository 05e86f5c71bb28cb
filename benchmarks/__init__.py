"""How fast the pipeline is, as ratios against opponents that make the same (docs/performance.md)."""
