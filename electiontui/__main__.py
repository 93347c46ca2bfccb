"""``python -m electiontui`` is the command ``electiontui``."""

from .cli import main

main()
