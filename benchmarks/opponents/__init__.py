"""What the pipeline is compared with: programs that a good engineer would write for the same results, nothing more."""
