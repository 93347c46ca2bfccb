"""The actions that write to etcd: ask, show before and after, confirm, do, and tell what was observed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.app import App

from election_core import CampaignState, ElectionError

from .. import etcdctl
from ..sources import Candidacy
from ..text import safe
from .dialogs import ConfirmDialog, FormDialog, Plan
from .live import Desk

__all__ = ["abandon", "campaign", "pick", "proclaim", "resign"]

_VALUE_CELLS = 40
_DEFAULT_TTL = 60
_COMMAND_VALUE = 400
"""Characters of a value shown in a command; longer ones are cut there, and said to be."""


async def campaign(app: App[None], desk: Desk, name: str | None) -> Candidacy | None:
    """Ask for election, value and TTL, confirm, and start the campaign; ``None`` if cancelled or refused."""
    fields = {
        "name": (f"election below {safe(desk.view.base) or '(the root)'}", safe(name or "")),
        "value": ("value to proclaim", ""),
        "ttl": ("TTL of the lease, seconds", str(_DEFAULT_TTL)),
    }
    form = await app.push_screen_wait(FormDialog("Campaign", fields, "Continue"))
    if form is None:
        return None
    wanted = name if name is not None and form["name"] == safe(name) else form["name"]
    if not form["ttl"].isdecimal():
        _refuse(app, f"The TTL is a whole number of seconds; got {form['ttl']!r}.")
        return None
    if not await app.push_screen_wait(ConfirmDialog(_campaign_plan(desk, wanted, form["value"], int(form["ttl"])))):
        return None
    try:
        return await desk.own.start(wanted, form["value"], int(form["ttl"]))
    except ElectionError as exc:
        _refuse(app, str(exc))
        return None


def _campaign_plan(desk: Desk, name: str, value: str, ttl: int) -> Plan:
    state = desk.view.elections.get(name)
    shown = safe(value, _VALUE_CELLS)
    waiting = 0 if state is None else len(state)
    after = f"leader {shown}" if waiting == 0 else f"leader unchanged, {shown} waits as {waiting + 1} of {waiting + 1}"
    fixed = (
        f"etcdctl's TTL is always {etcdctl.ETCDCTL_TTL} s, this one's {ttl} s." if ttl != etcdctl.ETCDCTL_TTL else ""
    )
    command = etcdctl.campaign(desk.view.client.endpoints, desk.path(name), value[:_COMMAND_VALUE])
    question = f"Campaign in {safe(desk.path(name), 60)} as {shown!r}?"
    return Plan(question, "Campaign", _topology(desk, name), after, command, fixed)


async def proclaim(app: App[None], desk: Desk, candidacy: Candidacy) -> None:
    """Ask for the new value, confirm, proclaim; only a leader may."""
    if not candidacy.campaign.is_leader:
        _refuse(app, "Only the leader proclaims; this candidate does not lead.")
        return
    old = safe(candidacy.campaign.value, _VALUE_CELLS)
    form = await app.push_screen_wait(
        FormDialog(f"Proclaim in {safe(candidacy.path, 50)}", {"value": (f"instead of {old}", "")}, "Continue")
    )
    if form is None:
        return
    value, ours = form["value"], candidacy.campaign
    plan = Plan(
        f"Proclaim {safe(value, _VALUE_CELLS)!r} in {safe(candidacy.path, 50)}?",
        "Proclaim",
        _topology(desk, desk.view.name_of(candidacy.path)),
        f"leader {safe(value, _VALUE_CELLS)}, same term",
        etcdctl.proclaim(desk.view.client.endpoints, ours.key, ours.lease_id, value[:_COMMAND_VALUE]),
        "The dashboard writes only while the key is still this candidate's.",
    )
    await _confirmed(app, plan, lambda: desk.own.proclaim(candidacy, value))


async def resign(app: App[None], desk: Desk, candidacy: Candidacy) -> None:
    """Confirm, resign."""
    ours = candidacy.campaign
    plan = Plan(
        f"Resign {safe(candidacy.path, 50)} as {safe(ours.value, _VALUE_CELLS)!r}?",
        "Resign",
        _topology(desk, desk.view.name_of(candidacy.path)),
        _without(desk, candidacy),
        etcdctl.resign(desk.view.client.endpoints, ours.key),
        "The dashboard also ends the lease.",
    )
    await _confirmed(app, plan, lambda: desk.own.resign(candidacy))


async def abandon(app: App[None], desk: Desk, candidacy: Candidacy) -> None:
    """Confirm, stop renewing: what the others see is a crash."""
    ours = candidacy.campaign

    plan = Plan(
        f"Abandon {safe(candidacy.path, 50)} as {safe(ours.value, _VALUE_CELLS)!r}, as a crash would?",
        "Abandon",
        _topology(desk, desk.view.name_of(candidacy.path)),
        f"as now for up to {candidacy.ttl} s, then {_without(desk, candidacy)}",
        f"kill -KILL the candidate's process (lease {ours.lease_id:x} then runs out)",
    )
    await _confirmed(app, plan, lambda: desk.own.abandon(candidacy))


def pick(desk: Desk, path: str) -> Candidacy | None:
    """The candidacy that an action on this election means: the user's that leads, or else the only one."""
    ours = [candidacy for candidacy in desk.own.live if candidacy.path == path]
    leading = [candidacy for candidacy in ours if candidacy.campaign.state is CampaignState.LEADING]
    return leading[0] if leading else ours[0] if len(ours) == 1 else None


async def _confirmed(app: App[None], plan: Plan, do: Callable[[], Awaitable[str]]) -> None:
    if not await app.push_screen_wait(ConfirmDialog(plan)):
        return
    try:
        app.notify(await do(), title=plan.verb, markup=False)
    except ElectionError as exc:
        _refuse(app, str(exc))


def _refuse(app: App[None], reason: str) -> None:
    app.notify(safe(reason, 400), severity="error", markup=False, timeout=10)


def _topology(desk: Desk, name: str | None) -> str:
    state = desk.view.elections.get(name) if name is not None else None
    if state is None or state.leader is None:
        return "vacant"
    rest = state.queue[1:]
    following = f", next {safe(rest[0].value, _VALUE_CELLS)}, {len(rest)} waiting" if rest else ", nobody waits"
    return f"leader {safe(state.leader.value, _VALUE_CELLS)}{following}"


def _without(desk: Desk, candidacy: Candidacy) -> str:
    name = desk.view.name_of(candidacy.path)
    state = desk.view.elections.get(name) if name is not None else None
    rest = [other for other in state.queue if other.key != candidacy.campaign.key] if state is not None else []
    return f"leader {safe(rest[0].value, _VALUE_CELLS)}" if rest else "vacant"
