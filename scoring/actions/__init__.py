"""Writes of the scoring app: keyword-only, atomic, each says who acts (`by`)."""
