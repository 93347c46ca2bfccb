"""A bell and toasts for alerts: few of them, however many alerts there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual.app import App

from ..alerts import Alert

__all__ = ["tell_alerts"]

_TOASTS = 3
"""Alerts told one by one at a time; of more the number is told."""
_SECONDS = 10


def tell_alerts(app: App[None], alerts: Sequence[Alert], complaints: Sequence[str]) -> None:
    """Tell what is new; the bell rings once, and only for what is raised."""
    if any(alert.is_raised for alert in alerts):
        app.bell()
    for alert in alerts[:_TOASTS]:
        title = "ALERT" if alert.is_raised else "over"
        severity: Literal["warning", "information"] = "warning" if alert.is_raised else "information"
        app.notify(alert.says(), title=title, severity=severity, timeout=_SECONDS, markup=False)
    if len(alerts) > _TOASTS:
        app.notify(f"{len(alerts) - _TOASTS} more alerts", severity="warning", timeout=_SECONDS, markup=False)
    for complaint in complaints:
        app.notify(complaint, severity="error", timeout=_SECONDS, markup=False)
