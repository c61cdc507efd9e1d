"""The weights of adapters that were trained here."""

from __future__ import annotations

from scoring.models import AdapterWeights, Judge


def kept_adapter(sha256: str) -> bytes | None:
    """The file of this digest, whichever project trained it; None where it is not kept."""
    found = AdapterWeights.objects.filter(sha256=sha256).first()
    return bytes(found.data) if found else None


def adapter_of(judge: Judge) -> AdapterWeights | None:
    """The weights of a judge's adapter, where it has one that its project keeps."""
    adapter = judge.params.get("adapter")
    if not isinstance(adapter, dict):
        return None
    rows = AdapterWeights.objects.filter(project=judge.rater.project_id)
    return rows.defer("data").filter(sha256=adapter.get("weights")).first()
