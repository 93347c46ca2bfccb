"""``electiontui history``: who led when, from the file, whether etcd is there or not."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from election_core import Candidate, InvalidConfig, TermLog, utc_now

from ..history.overview import overview
from ..history.paths import covers, name_of, raw
from ..history.places import find
from ..history.reading import Reader, unwatched
from ..history.report import Account, account_of, sum_of
from ..history.schema import HistoryUnusable
from ..history.tables import BY_ELECTION, BY_LEADER, election_record, election_rows, leader_records, leader_rows
from ..patterns import matches
from ..pictures.lanes import Window
from ..pictures.lines import timeline_text
from ..pictures.svg import Strip, strips_svg, timeline_svg
from ..pictures.table import aligned
from ..prefixes import base_of
from ..records import as_csv
from ..text import safe
from . import ERROR, INTERRUPTED, INVALID_INPUT, OK
from .output import print_json, print_line
from .settings import Settings
from .streams import is_plain, say, stdout_failed

__all__ = ["FORMS", "history"]

FORMS = ("table", "csv", "jsonl", "timeline", "svg")
_MOST_DRAWN = 200
"""Elections in one picture."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the report is about."""

    reader: Reader
    names: dict[bytes, str]
    since: datetime
    now: datetime

    def account(self, path: bytes) -> Account:
        terms = self.reader.terms(path, self.since, self.now)
        return account_of(path, terms, self.reader.watched(path, self.since, self.now), self.now)


def history(settings: Settings, patterns: Sequence[str], form: str, since: float, by: str) -> int:
    """Print the report; returns the exit code.

    Args:
        settings: where the file is, or which endpoints its cluster had.
        patterns: which elections; all by default.
        form: one of `FORMS`.
        since: how many seconds back.
        by: ``election`` or ``leader``.
    """
    try:
        path = settings.history or find(settings.client().endpoints)
        with Reader(path) as reader:
            say(f"from {path}")
            asked = _asked(settings, reader, patterns, since)
            if not asked.names:
                like = f" that matches {' or '.join(map(repr, patterns))}" if patterns else ""
                say(f"no election{like} under {' or '.join(map(repr, settings.prefixes))} in this time")
            for line in _PRINTERS[form](asked, by):
                print_line(line)
    except InvalidConfig as exc:
        say(str(exc))
        return INVALID_INPUT
    except (HistoryUnusable, sqlite3.Error) as exc:
        say(str(exc) if isinstance(exc, HistoryUnusable) else f"{settings.history or 'the history'}: {exc}")
        return ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as exc:
        return stdout_failed(exc)
    return OK


def _asked(settings: Settings, reader: Reader, patterns: Sequence[str], since: float) -> _Asked:
    now = utc_now()
    begin, base = now - timedelta(seconds=since), base_of(settings.prefixes)
    prefixes = [raw(prefix) for prefix in settings.prefixes]
    names = {path: name_of(base, path) for path in reader.elections() if covers(prefixes, path)}
    return _Asked(
        reader,
        {
            path: name
            for path, name in sorted(names.items(), key=lambda each: each[1])
            if matches(name, patterns) and reader.is_known(path, begin, now)
        },
        begin,
        now,
    )


def _table(asked: _Asked, by: str) -> Iterator[str]:
    accounts = [asked.account(path) for path in asked.names]
    total = sum_of(accounts)
    if by == "leader":
        rows, right = leader_rows(total), range(1, 6)
    elif len(accounts) == 1:
        rows, right = election_rows(asked.names.values(), accounts), range(1, 9)
    else:
        rows, right = election_rows([*asked.names.values(), "in sum"], [*accounts, total]), range(1, 9)
    yield from aligned(rows, right=tuple(right), plain=is_plain()) if accounts else ()


def _records(asked: _Asked, by: str) -> tuple[Sequence[str], list[dict[str, object]]]:
    accounts = [asked.account(path) for path in asked.names]
    if by == "leader":
        return BY_LEADER, leader_records(sum_of(accounts))
    records = [election_record(name, each) for name, each in zip(asked.names.values(), accounts, strict=True)]
    return BY_ELECTION, [*records, election_record(None, sum_of(accounts))]


def _csv(asked: _Asked, by: str) -> Iterator[str]:
    yield as_csv(*_records(asked, by)).rstrip("\n")


def _jsonl(asked: _Asked, by: str) -> Iterator[str]:
    for record in _records(asked, by)[1]:
        print_json(record)
    yield from ()


def _drawn(asked: _Asked) -> dict[bytes, str]:
    if len(asked.names) > _MOST_DRAWN:
        say(f"the first {_MOST_DRAWN} of {len(asked.names)} elections; name those to see")
    return dict(list(asked.names.items())[:_MOST_DRAWN])


def _log(asked: _Asked, path: bytes, name: str, window: Window) -> TermLog | None:
    return overview(asked.reader.file, path, name, asked.since, asked.now, window.cell)


def _queue(log: TermLog) -> Sequence[Candidate]:
    """Who is known to compete at the end: the leader, if there is one."""
    return () if log.current.leader is None or log.current.ended_at else (log.current.leader,)


def _timeline(asked: _Asked, by: str) -> Iterator[str]:
    columns = max((shutil.get_terminal_size().columns if sys.stdout.isatty() else 120) - 30, 20)
    window = Window(asked.now, asked.now - asked.since, columns)
    for number, (path, name) in enumerate(_drawn(asked).items()):
        log = _log(asked, path, name, window)
        if log is not None:
            blind = unwatched(asked.reader.watched(path, asked.since, asked.now), asked.since, asked.now)
            yield ("\n" if number else "") + (safe(name) or '""')
            yield timeline_text(log, _queue(log), window, blind)


def _svg(asked: _Asked, by: str) -> Iterator[str]:
    window = Window(asked.now, asked.now - asked.since, 700)
    logs = {path: _log(asked, path, name, window) for path, name in _drawn(asked).items()}
    drawn = {path: log for path, log in logs.items() if log is not None}
    watched = asked.reader.watched_by_any(drawn, asked.since, asked.now)
    blind = unwatched(watched, asked.since, asked.now)
    title = f"who led, until {asked.now.astimezone():%Y-%m-%d %H:%M:%S}"
    if len(drawn) == 1:
        (log,) = drawn.values()
        yield timeline_svg(f"{log.name} · {title}", log, _queue(log), window, blind)
    else:
        strips = [Strip(log.name, log.terms) for log in drawn.values()]
        yield strips_svg(title, strips, window, blind)


_PRINTERS: dict[str, Callable[[_Asked, str], Iterator[str]]] = {
    "table": _table,
    "csv": _csv,
    "jsonl": _jsonl,
    "timeline": _timeline,
    "svg": _svg,
}
