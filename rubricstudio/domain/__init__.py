"""Pure values and algorithms: standard library and numpy only.

Nothing below this package imports Django, Celery, LiteLLM or torch, reads the
clock, or touches a file. Whatever varies (now, randomness, model calls) is
passed in.
"""
