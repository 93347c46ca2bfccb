"""A monitor's inputs in a file: written while it watches, read again for a replay. Nothing here knows a screen."""

from .format import Header, Mark, RecordingError
from .reader import Item, Recording
from .recorder import RawRecorder
from .writer import RawWriter

__all__ = ["Header", "Item", "Mark", "RawRecorder", "RawWriter", "Recording", "RecordingError"]
