"""A worker of Celery that loads LiteLLM before it forks: its processes begin at once."""

from __future__ import annotations

import django
from celery.__main__ import main as celery

from tests.scoring.forked_workers import load_model_client

if __name__ == "__main__":
    django.setup()
    load_model_client()
    celery()
