"""Terms as flat records, which data frames take as they are. Pure.

Whatever has term logs can give them: a monitor has those that it has seen, a file those that it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape
from typing import Any

from election_core import Term, TermLog

from ..text import readable, safe

__all__ = ["COLUMNS", "Terms", "terms_of"]

COLUMNS = (
    "election",
    "leader",
    "token",
    "lease",
    "began",
    "ended",
    "held_s",
    "began_known",
    "ended_known",
    "gap",
)
_SHOWN = 50


class Terms(list[dict[str, Any]]):
    """Records of terms and vacancies, each with all of `COLUMNS`, by election and oldest first.

    ``leader`` and what belongs to it are ``None`` in a vacancy, ``ended`` while it lasts. ``lease`` is hex. ``held_s``
    are seconds, up to now where it lasts, and a lower bound unless ``began_known``. ``gap``: it ended where revisions
    were missed, so other terms may have come and gone after it.
    """

    def to_frame(self) -> Any:
        """A `pandas.DataFrame`, with its columns also where there is no record.

        Raises:
            ImportError: pandas is not installed; polars takes the records as they are.
        """
        try:
            import pandas
        except ImportError as exc:
            raise ImportError("to_frame() needs pandas: pip install pandas, or polars.DataFrame(terms).") from exc
        return pandas.DataFrame(list(self), columns=list(COLUMNS))

    def _repr_html_(self) -> str:
        def cells(kind: str, texts: Iterable[object]) -> str:
            return "".join(f"<{kind}>{escape(safe(str(text), 40))}</{kind}>" for text in texts)

        shown = [["" if each is None else each for each in record.values()] for record in self[-_SHOWN:]]
        lines = [f"<tr>{cells('td', facts)}</tr>" for facts in shown]
        more = f"<p>the last {_SHOWN} of {len(self)}</p>" if len(self) > _SHOWN else ""
        return f"<div><table><tr>{cells('th', COLUMNS)}</tr>{''.join(lines)}</table>{more}</div>"


def terms_of(logs: Iterable[TermLog], now: datetime, since: datetime | None = None) -> Terms:
    """The terms and vacancies of some elections that lasted at or after ``since``, where it is given."""
    return Terms(record for log in logs for record in _records(log, now, since))


def _records(log: TermLog, now: datetime, since: datetime | None) -> Iterator[dict[str, Any]]:
    for term in log.terms_kept:
        # The vacancy before the first candidate of a new election takes no time.
        nothing = term.is_vacant and term.ended_at == term.began_at
        if not nothing and (since is None or term.ended_at is None or term.ended_at >= since):
            yield _record(log.name, term, now)


def _record(election: str, term: Term, now: datetime) -> dict[str, Any]:
    leader = term.leader
    facts = (
        safe(election),
        None if leader is None else readable(leader.value),
        None if leader is None else leader.create_revision,
        None if leader is None else format(leader.lease_id, "x"),
        term.began_at,
        term.ended_at,
        round(term.duration(now).total_seconds(), 3),
        term.began_known,
        term.ended_known,
        not term.ended_known,
    )
    return dict(zip(COLUMNS, facts, strict=True))
