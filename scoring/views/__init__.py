"""Pages of the scoring app."""
