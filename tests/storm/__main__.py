"""``python -m tests.storm``: leader election under random faults, and the proof that it held.

Ends with 0 if all guarantees held, with 1 if one did not, and says how to have the same storm again.
"""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "faults"), str(_HERE.parent), str(_HERE.parent.parent)]

if __name__ == "__main__":
    from storm_cli import main

    sys.exit(main())
