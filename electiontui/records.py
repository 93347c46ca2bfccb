"""Flat records as CSV or JSON. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from election_core import Transition

from .rows import ElectionRow
from .text import readable, safe

__all__ = ["EVENT_COLUMNS", "ROW_COLUMNS", "Record", "as_csv", "as_json", "event_record", "row_record", "written"]

Record = Mapping[str, object]
ROW_COLUMNS = (
    "election",
    "leader",
    "state",
    "since",
    "since_known",
    "seconds",
    "candidates",
    "ttl",
    "changes_per_hour",
    "revision",
)
EVENT_COLUMNS = ("at", "election", "kind", "before", "after", "token", "revision", "gap")


def written(form: str, columns: Sequence[str], about: Record, records: Sequence[Record]) -> str:
    """``csv``: the records alone; ``json``: with what is known of all of them.

    Raises:
        ValueError: there is no such form; the message names those there are.
    """
    if form == "csv":
        return as_csv(columns, records)
    if form == "json":
        return as_json({**about, "records": records})
    raise ValueError("The name must end in .csv or .json, which says what to write.")


def as_csv(columns: Sequence[str], records: Iterable[Record]) -> str:
    """A terminal may show the file, and obey what is in it, so texts are made harmless."""
    text = io.StringIO()
    lines = csv.DictWriter(text, columns, lineterminator="\n")
    lines.writeheader()
    for record in records:
        lines.writerow({key: safe(fact) if isinstance(fact, str) else fact for key, fact in record.items()})
    return text.getvalue()


def as_json(document: Record) -> str:
    return json.dumps(document, indent=1)


def row_record(row: ElectionRow, now: datetime) -> Record:
    """One election of the list as of ``now``; seconds are of the term or vacancy."""
    facts = (
        row.name,
        None if row.state == "vacant" else row.leader,
        row.state,
        row.since.isoformat(),
        row.held_known,
        round((now - row.since).total_seconds(), 3),
        row.queue,
        row.ttl,
        row.changes_per_hour,
        row.revision,
    )
    return dict(zip(ROW_COLUMNS, facts, strict=True))


def event_record(event: Transition) -> Record:
    """One transition; its token is that of the new leader."""
    before, after = event.before, event.after
    return {
        "at": event.observed_at.isoformat(),
        "election": event.election,
        "kind": event.kind,
        "before": None if before is None else readable(before.value),
        "after": None if after is None else readable(after.value),
        "token": None if after is None else after.create_revision,
        "revision": event.revision,
        "gap": event.gap,
    }
