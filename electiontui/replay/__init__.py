"""A recording played: what its monitor knew at any moment of it. Nothing here knows a screen, and nothing connects."""

from .index import Index
from .player import SPEEDS, Player
from .times import moment_of
from .view import RecordedView

__all__ = ["SPEEDS", "Index", "Player", "RecordedView", "moment_of"]
