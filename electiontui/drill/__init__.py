"""Drills: a failover rehearsed as it is written in a file, measured, and judged step by step.

::

    report = await run_drill(read_drill("leader-crash"), Access(("127.0.0.1:2379",)), tell=print)
    print(as_text(report, "markdown"))
"""

from .access import Access
from .library import included, read_drill, text_of
from .model import BadDrill, Drill, Part, Step
from .rendering import FORM_OF, FORMS, as_text
from .report import Report, Result
from .running import Began, Left, Progress, Turned, check_possible, new_prefix, run_drill

__all__ = [
    "FORMS",
    "FORM_OF",
    "Access",
    "BadDrill",
    "Began",
    "Drill",
    "Left",
    "Part",
    "Progress",
    "Report",
    "Result",
    "Step",
    "Turned",
    "as_text",
    "check_possible",
    "included",
    "new_prefix",
    "read_drill",
    "run_drill",
    "text_of",
]
