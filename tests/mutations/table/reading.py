"""What is read, and what is kept."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_DIRECTORY = "election_core/core/directory.py"
_MONITOR = "election_core/monitor.py"
_READING = "election_core/shell/reading.py"
_SURVEY = "election_core/core/survey.py"
_TERM_LOGS = "election_core/core/term_logs.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H59",
        "a compaction is one more failure to be repeated elsewhere",
        Edit(
            "election_core/etcd/calls.py",
            "            except Compacted:\n                raise",
            "            except ():\n                raise",
        ),
    ),
    mutation(
        "H59",
        "the pages stay as small as they were",
        Edit(_READING, "            return await read(size)\n", "            return await read(KEY_PAGES[0])\n"),
        Edit(_READING, "if self._seen > _MOST_AT_ONCE:", "if self._seen:"),
    ),
    mutation(
        "H60",
        "whatever stands below a prefix is read",
        Edit(_READING, "limit=size, keys_only=True, revision=revision", "limit=size, revision=revision"),
    ),
    mutation(
        "H60",
        "every path that holds a key is remembered",
        Edit(_SURVEY, "if len(paths) > self._limit:", "if not paths:"),
    ),
    mutation(
        "H61",
        "what has ever been seen stays",
        Edit(
            "election_core/monitor.py",
            "            self._timer = self._runtime.clock.call_at(moment, self._forget)",
            "            pass",
        ),
    ),
    mutation(
        "H61",
        "what was forgotten was never known",
        Edit(_DIRECTORY, "if self._has_missed and path not in self._known_vacant:", "if self._has_missed:"),
    ),
    mutation(
        "H62",
        "only candidates stand where an election begins",
        Edit(_READING, "        if not roots:\n            return revision\n", "        return revision\n"),
    ),
    mutation(
        "H63",
        "an audit reads everything anew",
        Edit(
            _READING,
            "        if not check.roots:\n            return None\n",
            "        check.roots |= set(self._directory.lines)\n",
        ),
    ),
    mutation(
        "H60",
        "whatever stands between two candidates is read with them",
        Edit(_SURVEY, "elif number != self.seen - 1:", "elif not number:"),
    ),
    mutation(
        "H61", "a log is bounded alone", Edit(_TERM_LOGS, "while len(self._over) > self._total:", "while not log:")
    ),
    mutation(
        "H61",
        "what was over stays in the reckoning",
        Edit(_TERM_LOGS, "while self._over and self._over[0]() is None:", "while not self._logs and self._limit < 0:"),
    ),
    mutation(
        "H62",
        "other keys may stand everywhere",
        Edit(_DIRECTORY, "if path not in self._states and path in self.occupied]", "if path not in self._states]"),
    ),
    mutation(
        "H62",
        "what comes later leaves no trace",
        Edit(_DIRECTORY, "                else:\n                    self.occupied.add(parent)\n", ""),
    ),
    mutation(
        "H63",
        "a search reads what it goes through",
        Edit("election_core/shell/search.py", "values_in(store, ranges, page.revision)", "values_in(store, [keys], 0)"),
    ),
)
