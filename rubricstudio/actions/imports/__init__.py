"""Bring a stream of records into a project: all of it or nothing, unless asked otherwise.

Rows go in by COPY, a batch at a time, so memory does not grow with the file. Everything is
idempotent by external id: what is there already with the same content counts as unchanged,
with other content it is a problem and stays as it was.
"""

from rubricstudio.actions.imports.report import ImportCancelled, ImportRefused, ImportReport
from rubricstudio.actions.imports.run import import_records

__all__ = ["ImportCancelled", "ImportRefused", "ImportReport", "import_records"]
