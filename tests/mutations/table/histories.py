"""Mutations of what is kept of the past."""

from __future__ import annotations

from ..mutation import Edit, Mutation, mutation

__all__ = ["MUTATIONS"]

_WRITER = "electiontui/history/writer.py"
_RECORDER = "electiontui/history/recorder.py"

MUTATIONS: tuple[Mutation, ...] = (
    mutation(
        "H87",
        "what was not committed is called saved",
        Edit(
            _WRITER,
            '            file.execute("COMMIT")\n        except BaseException:\n            self._stretches',
            '            file.execute("ROLLBACK")\n        except BaseException:\n            self._stretches',
        ),
    ),
    mutation(
        "H87",
        "what happened between two recorders is not looked up",
        Edit(_RECORDER, "(Begin(era), *past, *waiting)", "(Begin(era), *waiting)"),
    ),
    mutation(
        "H88",
        "a cluster id stands for one row of revisions",
        Edit("electiontui/history/eras.py", " and revision >= known.revision:", ":"),
    ),
    mutation(
        "H88",
        "who was told that revisions begin anew begins an era, whatever another one has begun",
        Edit(
            "electiontui/history/recorder.py",
            "known, client.cluster_id, revision, over=self._over)",
            "known, client.cluster_id, revision, over=known.era * bool(self._over))",
        ),
    ),
    mutation(
        "H88",
        "in a new era nobody led before",
        Edit(
            _WRITER,
            "if (era == self._era or leader is None) and tuple(last) == columns:",
            "if (era == self._era and tuple(last) == columns) or leader is None:",
        ),
    ),
    mutation(
        "H88",
        "a key at its revision is one candidate for ever",
        Edit(
            "electiontui/history/terms.py",
            "and before is not None and row.era == before.era and row.who == before.who:",
            "and before is not None and row.who == before.who:",
        ),
    ),
    mutation(
        "H89",
        "a leader has led while nobody looked",
        Edit("electiontui/history/report.py", "account.led += seen", "account.led += length"),
    ),
    mutation(
        "H89",
        "a stretch goes on while etcd is gone",
        Edit(_RECORDER, "        self._note()\n        self._since = None\n", "        self._note()\n"),
    ),
    mutation(
        "H90",
        "a failure to write ends the thread",
        Edit(
            _WRITER,
            "        except (sqlite3.Error, OSError, HistoryUnusable) as exc:\n            self._fail(exc)",
            "        except ZeroDivisionError as exc:\n            self._fail(exc)",
        ),
    ),
    mutation(
        "H90",
        "a failure to open ends the recording unseen",
        Edit(
            _RECORDER,
            "            except (HistoryUnusable, sqlite3.Error, OSError) as exc:",
            "            except ZeroDivisionError as exc:",
        ),
    ),
)
