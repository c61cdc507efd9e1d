"""Secrets that are shown once: how they are made, and the only form in which they are kept."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """43 characters fit for an address, from 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """SHA-256 of a token, 64 hexadecimal digits.

    A token holds 256 random bits, so neither a salt nor a slow hash adds anything.
    """
    return hashlib.sha256(token.encode()).hexdigest()
