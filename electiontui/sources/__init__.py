"""What the dashboard shows, without a dashboard: the live view of a prefix, and the user's candidacies."""

from .alarms import ViewAlarm
from .candidacies import Candidacies, Candidacy
from .lookout import Lookout, look_up
from .members import Members
from .slices import in_slices
from .status import ViewStatus
from .view import ClusterView

__all__ = [
    "Candidacies",
    "Candidacy",
    "ClusterView",
    "Lookout",
    "Members",
    "ViewAlarm",
    "ViewStatus",
    "in_slices",
    "look_up",
]
