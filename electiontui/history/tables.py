"""An account as rows: for people, and as records for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor

from ..rows import duration
from ..text import readable, safe
from .report import Account, tenures

__all__ = ["BY_ELECTION", "BY_LEADER", "Record", "election_record", "election_rows", "leader_records", "leader_rows"]

Record = dict[str, object]
BY_ELECTION = (
    "election",
    "watched",
    "availability",
    "terms",
    "tenure",
    "changes_per_hour",
    "vacancies",
    "vacant",
    "longest_vacancy",
    "over",
)
BY_LEADER = ("leader", "elections", "terms", "held", "share", "longest")
_ELECTIONS = ("ELECTION", "WATCHED", "LED", "TERMS", "TENURE", "CHG/h", "VACANCIES", "VACANT", "LONGEST")
_LEADERS = ("LEADER", "ELECTIONS", "TERMS", "HELD", "SHARE", "LONGEST")
_CELLS = 40


def election_rows(names: Iterable[str], accounts: Sequence[Account]) -> list[tuple[str, ...]]:
    """A header, a row for each account, whose name is given, and times are of what was watched."""
    return [_ELECTIONS, *(_row(name, account) for name, account in zip(names, accounts, strict=True))]


def _row(name: str, account: Account) -> tuple[str, ...]:
    rate = account.changes_per_hour
    return (
        (safe(name, _CELLS) or '""') + (" (over)" if account.is_over else ""),
        length(account.watched),
        percent(account.availability),
        str(account.terms),
        length(account.tenure),
        "–" if rate is None else f"{rate:.1f}",
        str(account.vacancies),
        length(account.vacant),
        length(account.longest_vacancy),
    )


def leader_rows(account: Account) -> list[tuple[str, ...]]:
    """A header, and a row for each leader of it, who held longest first."""
    rows: list[tuple[str, ...]] = [_LEADERS]
    for value, held in tenures(account):
        share = percent(held.held / account.watched if account.watched else None)
        who = safe(value, _CELLS) or "(empty)"
        rows.append((who, str(held.elections), str(held.terms), length(held.held), share, length(held.longest)))
    return rows


def election_record(name: str | None, account: Account) -> Record:
    """Seconds and shares as numbers; a name of ``None`` is the sum's."""
    share, rate, tenure = account.availability, account.changes_per_hour, account.tenure
    facts = (
        name,
        round(account.watched, 3),
        None if share is None else round(share, 6),
        account.terms,
        None if tenure is None else round(tenure, 3),
        None if rate is None else round(rate, 3),
        account.vacancies,
        round(account.vacant, 3),
        round(account.longest_vacancy, 3),
        account.is_over,
    )
    return dict(zip(BY_ELECTION, facts, strict=True))


def leader_records(account: Account) -> list[Record]:
    """The same of each leader."""
    records: list[Record] = []
    for value, held in tenures(account):
        share = round(held.held / account.watched, 6) if account.watched else None
        facts = (readable(value), held.elections, held.terms, round(held.held, 3), share, round(held.longest, 3))
        records.append(dict(zip(BY_LEADER, facts, strict=True)))
    return records


def length(seconds: float | None) -> str:
    """``0.8s`` below a minute, then ``00:12:44``."""
    if seconds is None:
        return "–"
    return f"{seconds:.1f}s" if seconds < 60 else duration(seconds)


def percent(share: float | None) -> str:
    """Rounded down: 100 % is said only where it is."""
    return "–" if share is None else f"{floor(share * 100_000 + 1e-6) / 1000:.3f} %"
