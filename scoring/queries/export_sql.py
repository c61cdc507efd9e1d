"""The lines of an export, written by PostgreSQL itself.

Each query gives one JSON text a row, in the native format. They go out by COPY as CSV with
control characters for delimiter and quote: JSON escapes those, so nothing is ever quoted
and the rows come as they are. What many rows share (names of rubric, criterion, round,
rater, response) is turned into JSON once.
"""

from __future__ import annotations

# The aliases of fixed meaning: v verdict, p preference, each joined with fragments `frag`.
TASKS = """
    SELECT '{"type":"task","id":' || to_json(t.external_id)::text
           || ',"messages":' || t.messages::text
           || CASE WHEN t.reference = '' THEN ''
                   ELSE ',"reference":' || to_json(t.reference)::text END
           || CASE WHEN t.context = '[]' THEN '' ELSE ',"context":' || t.context::text END
           || CASE WHEN t.tags = '{}' THEN '' ELSE ',"tags":' || to_json(t.tags)::text END
           || CASE WHEN t.metadata = '{}' THEN '' ELSE ',"metadata":' || t.metadata::text END
           || '}'
      FROM studio_task t WHERE t.project_id = %(project)s ORDER BY t.id
"""

RESPONSES = """
    SELECT '{"type":"response","id":' || to_json(r.external_id)::text
           || ',"task":' || to_json(t.external_id)::text
           || ',"source":' || to_json(r.source)::text
           || ',"text":' || coalesce(to_json(r.text)::text, 'null')
           || CASE WHEN r.metadata = '{}' THEN '' ELSE ',"metadata":' || r.metadata::text END
           || '}'
      FROM studio_response r JOIN studio_task t ON t.id = r.task_id
     WHERE r.project_id = %(project)s ORDER BY r.id
"""

# Only the last revision of each cell. Corrections are few, so what they supersede is too.
_CURRENT_VERDICT = """
    v.round_id = ANY(%(rounds)s) AND v.id NOT IN (
        SELECT earlier.id FROM studio_verdict later
          JOIN studio_verdict earlier USING (round_id, response_id, criterion_id, rater_id, sample)
         WHERE later.revision > 0 AND earlier.revision < later.revision
           AND later.round_id = ANY(%(rounds)s))
"""
_CURRENT_PREFERENCE = """
    p.round_id = ANY(%(rounds)s) AND p.id NOT IN (
        SELECT earlier.id FROM studio_preference later
          JOIN studio_preference earlier
         USING (round_id, response_a_id, response_b_id, rater_id, sample)
         WHERE later.revision > 0 AND earlier.revision < later.revision
           AND later.round_id = ANY(%(rounds)s))
"""

# Criteria of any version that a pinned version has in the same words.
_CELLS = """
    cell AS MATERIALIZED (
        SELECT c.id, ru.external_id AS rubric, c.key, pinned.text, v.number,
               ',"rubric":' || to_json(ru.external_id)::text
               || ',"criterion":' || to_json(c.key)::text AS frag
          FROM studio_criterion c
          JOIN studio_rubric_version v ON v.id = c.version_id AND v.status <> 'draft'
          JOIN studio_rubric ru ON ru.id = v.rubric_id
          JOIN studio_rubric_version pv ON pv.rubric_id = v.rubric_id
          JOIN studio_criterion pinned ON pinned.version_id = pv.id AND pinned.key = c.key
               AND pinned.judging_hash = c.judging_hash AND NOT pinned.is_group
         WHERE pv.id = ANY(%(versions)s) AND NOT c.is_group)
"""
_WHO = """
    spoken AS MATERIALIZED (
        SELECT id, kind, name, ',"round":' || to_json(name)::text AS frag
          FROM studio_round WHERE id = ANY(%(rounds)s)),
    who AS MATERIALIZED (
        SELECT id, kind, user_id, name, ',"rater":' || to_json(name)::text
               || ',"rater_kind":"' || kind || '"' AS frag
          FROM studio_rater WHERE project_id = %(project)s),
    response AS MATERIALIZED (
        SELECT id, task_id, external_id, source, to_json(external_id)::text AS frag
          FROM studio_response WHERE project_id = %(project)s)
"""

_RATING = """
    || CASE WHEN {row}.rationale = '' THEN ''
            ELSE ',"rationale":' || to_json({row}.rationale)::text END
    || CASE WHEN {row}.sample = 0 THEN '' ELSE ',"sample":' || {row}.sample::text END
    || CASE WHEN {row}.revision = 0 THEN '' ELSE ',"revision":' || {row}.revision::text END
    || CASE WHEN {row}.provenance IS NULL THEN ''
            ELSE coalesce(',"raw_reply":' || ({row}.provenance -> 'raw_reply')::text, '')
                 || CASE WHEN {row}.provenance - 'raw_reply' = '{{}}' THEN ''
                         ELSE ',"provenance":' || ({row}.provenance - 'raw_reply')::text END END
    || ',"created_at":' || to_json({row}.created_at)::text || '}}'
"""

VERDICTS = f"""
    WITH {_CELLS}, {_WHO}
    SELECT '{{"type":"verdict","response":' || response.frag || cell.frag || who.frag
           || spoken.frag
           || CASE WHEN v.value IS NULL THEN ',"status":"' || v.status || '"'
                   ELSE ',"value":' || v.value::text END
           || CASE WHEN v.evidence = '[]' THEN '' ELSE ',"evidence":' || v.evidence::text END
           || CASE WHEN v.confidence IS NULL THEN ''
                   ELSE ',"confidence":' || v.confidence::text END
           {_RATING.format(row="v")}
      FROM studio_verdict v
      JOIN cell ON cell.id = v.criterion_id
      JOIN spoken ON spoken.id = v.round_id
      JOIN who ON who.id = v.rater_id
      JOIN response ON response.id = v.response_id
     WHERE {_CURRENT_VERDICT} AND (v.sample = 0 OR who.user_id IS NULL) ORDER BY v.id
"""

# The one added last of those to the same words, on whatever version it was set.
GOLD = f"""
    WITH {_CELLS}, known AS (
        SELECT DISTINCT ON (g.response_id, cell.rubric, cell.key) g.*, cell.frag,
               cell.rubric, cell.key
          FROM annotations_gold g JOIN cell ON cell.id = g.criterion_id
         ORDER BY g.response_id, cell.rubric, cell.key, g.added_at DESC, g.id DESC)
    SELECT '{{"type":"gold","response":' || to_json(r.external_id)::text || known.frag
           || CASE WHEN known.value IS NULL THEN ',"status":"' || known.status || '"'
                   ELSE ',"value":' || known.value::text END
           || CASE WHEN known.note = '' THEN '' ELSE ',"note":' || to_json(known.note)::text END
           || CASE WHEN known.evidence = '[]' THEN ''
                   ELSE ',"evidence":' || known.evidence::text END
           || ',"origin":"' || known.origin || '"'
           || coalesce(',"session":' || to_json(spoken.name)::text, '')
           || coalesce(',"expert":' || to_json(who.name)::text, '')
           || coalesce(',"n":' || known.origin_n::text, '') || '}}'
      FROM known JOIN studio_response r ON r.id = known.response_id
      LEFT JOIN studio_round spoken ON spoken.id = known.origin_round_id
      LEFT JOIN studio_rater who ON who.id = known.origin_rater_id
     ORDER BY r.id, known.rubric, known.key
"""

PREFERENCES = f"""
    WITH {_WHO}
    SELECT '{{"type":"preference","task":' || to_json(t.external_id)::text
           || ',"a":' || first.frag || ',"b":' || second.frag || who.frag || spoken.frag
           || CASE WHEN p.preferred IS NULL THEN ',"status":"' || p.status || '"'
                   ELSE ',"preferred":"' || p.preferred || '"' END
           || CASE WHEN p.strength IS NULL THEN '' ELSE ',"strength":' || p.strength::text END
           {_RATING.format(row="p")}
      FROM studio_preference p
      JOIN spoken ON spoken.id = p.round_id
      JOIN who ON who.id = p.rater_id
      JOIN response first ON first.id = p.response_a_id
      JOIN response second ON second.id = p.response_b_id
      JOIN studio_task t ON t.id = p.task_id
     WHERE {_CURRENT_PREFERENCE} ORDER BY p.id
"""


def _safe(column: str) -> str:
    """Text as a spreadsheet shows it and does not run it (see scoring.sheets.safe_cell)."""
    return f"CASE WHEN {column} ~ '^[=+@\\t\\r-]' THEN '''' || {column} ELSE {column} END"


VERDICTS_CSV = f"""
    WITH {_CELLS}, {_WHO}
    SELECT {_safe("t.external_id")} AS task, {_safe("response.external_id")} AS response,
           {_safe("response.source")} AS source, {_safe("cell.rubric")} AS rubric,
           cell.number AS version, {_safe("cell.key")} AS criterion,
           {_safe("cell.text")} AS criterion_text, spoken.kind AS round_kind,
           {_safe("spoken.name")} AS round, who.kind AS rater_kind, {_safe("who.name")} AS rater,
           v.status, v.value, v.sample, v.revision, {_safe("v.rationale")} AS rationale,
           v.evidence, v.confidence, v.created_at
      FROM studio_verdict v
      JOIN cell ON cell.id = v.criterion_id
      JOIN spoken ON spoken.id = v.round_id
      JOIN who ON who.id = v.rater_id
      JOIN response ON response.id = v.response_id
      JOIN studio_task t ON t.id = response.task_id
     WHERE {_CURRENT_VERDICT} AND (v.sample = 0 OR who.user_id IS NULL) ORDER BY v.id
"""
