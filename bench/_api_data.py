"""What both sides of the benchmark of hosted judges are given."""

from __future__ import annotations


def criterion(number: int) -> str:
    """A criterion of about fifteen words."""
    return f"Says what to do when symptom number {number} gets worse, and names whom to call then."


def response(number: int) -> str:
    """A response of about 200 words."""
    advice = f"Drink enough, rest, and call your doctor if it gets worse ({number}). "
    return advice * 17
