"""Writes of the authoring app: keyword-only, atomic, each says who acts (`by`)."""
