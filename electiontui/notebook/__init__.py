"""Live views for notebooks: write one as the last line of a cell and it goes on while other cells run.

::

    etcd = connect("10.0.0.1:2379")                    # no await; its own thread keeps what it leads
    etcd                                               # a card: members, warnings, elections, own candidates
    etcd.elections(match="orders/*", sort="changes")   # a strip per election
    etcd.timeline("job", last="1h")                    # who led when, a lane per candidate

A program that has a monitor shows it with ``timeline(monitor, "job")`` and ``elections(monitor)``.

A view shows what its monitor has recorded, and all views of one monitor share that. It is renewed at most four times
per second, and stays as it was last once `View.stop` is called, its monitor is closed or its cell is run again. Where
widgets cannot run it is a picture, or text. What was not watched is hatched: nobody knows who led then.
"""

from ..history.schema import HistoryUnusable
from .connection import Connection, connect
from .monitors import elections, timeline
from .terms import Terms
from .views import View

__all__ = ["Connection", "HistoryUnusable", "Terms", "View", "connect", "elections", "timeline"]
