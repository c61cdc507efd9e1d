#!/usr/bin/env python
"""Rubric Studio's command line.

Without DATABASE_URL and BROKER_URL the embedded PostgreSQL and Valkey are used:
found if they run, started if not, stopped by whoever leaves last.
"""

import os
import sys

from rubricstudio import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rubricstudio.settings")
    with embedded.environment():
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
