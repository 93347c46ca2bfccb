"""The storm uses the proxy of the fault tests, whose folder has to be on the path also when only the storm is run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "faults"))
