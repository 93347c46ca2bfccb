"""Alerts without Prometheus: rules about elections, and programs that are told what happens."""

from .alarm import Alarm
from .plan import AlarmPlan, inherited
from .rules import CONDITIONS, HOLD, Alert, Condition, Rule

__all__ = ["CONDITIONS", "HOLD", "Alarm", "AlarmPlan", "Alert", "Condition", "Rule", "inherited"]
