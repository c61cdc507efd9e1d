"""Triggers that more than one table carries."""

from __future__ import annotations

import pgtrigger


def append_only(name: str) -> pgtrigger.Trigger:
    """A trigger that refuses to change or delete rows."""
    return pgtrigger.Trigger(
        name=name,
        operation=pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        func="""
            RAISE EXCEPTION '% is append-only: a correction is a new row', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        """,
    )


def kept_by_verdicts(name: str, column: str) -> pgtrigger.Trigger:
    """A trigger that refuses to delete a row that a verdict names in `column`.

    The other half of the verdicts' set-wise reference check (see models/verdicts.py).
    """
    return pgtrigger.Trigger(
        name=name,
        operation=pgtrigger.Delete,
        when=pgtrigger.Before,
        func=f"""
            IF EXISTS (SELECT 1 FROM studio_verdict WHERE {column} = OLD.id) THEN
                RAISE EXCEPTION '% % has verdicts', TG_TABLE_NAME, OLD.id
                    USING ERRCODE = 'foreign_key_violation';
            END IF;
            RETURN OLD;
        """,
    )
