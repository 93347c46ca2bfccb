"""``python -m tests.storm``: leader election under random faults, and the proof that it held.

Ends with 0 if all guarantees held, with 1 if one did not, and says how to have the same storm again.
"""

from __future__ import annotations

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
