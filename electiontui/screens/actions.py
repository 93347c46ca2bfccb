"""The actions that write to etcd: ask, show before and after, confirm, do, and tell what was observed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from textual.app import App

from election_core import CampaignState, Candidate, ElectionError

from ..etcdctl import ETCDCTL_TTL
from ..sources import Candidacy
from ..sources.eviction import carry_out
from ..text import safe
from .dialogs import Complaint, ConfirmDialog, FormDialog, LeaveDialog, Plan
from .live import Desk

__all__ = ["abandon", "campaign", "evict", "leave", "pick", "proclaim", "resign"]

P = ParamSpec("P")
T = TypeVar("T")
Action = Callable[Concatenate[App[None], Desk, P], Coroutine[Any, Any, T]]

_VALUE_CELLS = 40
_COMMAND_VALUE = 400
"""Characters of a value shown in a command; longer ones are cut there, and said to be."""


def _asks(action: Action[P, T]) -> Action[P, T]:
    """An action that opens dialogs, for which keys wait; see `Desk.ask`."""

    @wraps(action)
    def begin(app: App[None], desk: Desk, /, *args: P.args, **named: P.kwargs) -> Coroutine[Any, Any, T]:
        return desk.ask(action(app, desk, *args, **named))

    return begin


@_asks
async def campaign(app: App[None], desk: Desk, name: str | None) -> Candidacy | None:
    """Ask for election, value and TTL, confirm, and start the campaign; ``None`` if cancelled or refused."""
    fields = {
        "name": (f"election below {safe(desk.view.base) or '(the root)'}", safe(name or "")),
        "value": ("value to proclaim", desk.own.usual_value),
        "ttl": ("TTL of the lease, seconds", str(desk.own.usual_ttl)),
    }

    def wanted(form: dict[str, str]) -> str:
        # A name that cannot be typed stays what it is.
        return name if name is not None and form["name"] == safe(name) else form["name"]

    def check(form: dict[str, str]) -> Complaint | None:
        if not form["ttl"].isdecimal():
            return Complaint(f"The TTL is a whole number of seconds; got {safe(form['ttl'], 20)!r}.")
        try:
            desk.view.client.election(wanted(form), ttl=int(form["ttl"]), prefix=desk.view.base)
        except ElectionError as exc:
            return Complaint(safe(str(exc), 200))
        return _doubt_about(form["value"])

    dialog = FormDialog("Campaign", fields, "Continue", check, first="value" if name else "name")
    form = await app.push_screen_wait(dialog)
    if form is None:
        return None
    chosen, value, ttl = wanted(form), form["value"], int(form["ttl"])
    if not await app.push_screen_wait(ConfirmDialog(lambda: _campaign_plan(desk, chosen, value, ttl))):
        return None
    desk.asking = None
    try:
        return await desk.own.start(chosen, value, ttl)
    except ElectionError as exc:
        _refuse(app, str(exc))
        return None


def _doubt_about(value: str) -> Complaint | None:
    if value:
        return None
    return Complaint("The value is empty: nobody could tell who leads. Press enter again to have it so.", True)


def _campaign_plan(desk: Desk, name: str, value: str, ttl: int) -> Plan:
    state = desk.view.elections.get(name)
    shown = safe(value, _VALUE_CELLS)
    waiting = 0 if state is None else len(state)
    if not _is_read(desk, name):
        after = f"leader {shown} if nobody leads, or else {shown} waits"
    elif waiting == 0:
        after = f"leader {shown}"
    else:
        after = f"leader unchanged, {shown} waits as {waiting + 1} of {waiting + 1}"
    fixed = f"etcdctl's TTL is always {ETCDCTL_TTL} s, this one's {ttl} s." if ttl != ETCDCTL_TTL else ""
    command = desk.etcdctl.campaign(desk.path(name), value[:_COMMAND_VALUE])
    question = f"Campaign in {safe(desk.path(name), 60)} as {shown!r}?"
    return Plan(question, "Campaign", _topology(desk, name), after, command, fixed)


@_asks
async def proclaim(app: App[None], desk: Desk, candidacy: Candidacy) -> None:
    """Ask for the new value, confirm, proclaim; only a leader may."""
    if not candidacy.campaign.is_leader:
        _refuse(app, "Only the leader proclaims; this candidate does not lead.")
        return
    old = safe(candidacy.campaign.value, _VALUE_CELLS)
    form = await app.push_screen_wait(
        FormDialog(
            f"Proclaim in {safe(candidacy.path, 50)}",
            {"value": (f"instead of {old}", "")},
            "Continue",
            lambda form: _doubt_about(form["value"]),
        )
    )
    if form is None:
        return
    value, ours = form["value"], candidacy.campaign

    def plan() -> Plan:
        return Plan(
            f"Proclaim {safe(value, _VALUE_CELLS)!r} in {safe(candidacy.path, 50)}?",
            "Proclaim",
            _topology(desk, desk.view.name_of(candidacy.path)),
            f"leader {safe(value, _VALUE_CELLS)}, same term",
            desk.etcdctl.proclaim(ours.key, ours.lease_id, value[:_COMMAND_VALUE]),
            "The dashboard writes only while the key is still this candidate's.",
        )

    await _confirmed(app, desk, plan, lambda: desk.own.proclaim(candidacy, value))


@_asks
async def resign(app: App[None], desk: Desk, candidacy: Candidacy) -> None:
    """Confirm, resign."""
    ours = candidacy.campaign

    def plan() -> Plan:
        return Plan(
            f"Resign {safe(candidacy.path, 50)} as {safe(ours.value, _VALUE_CELLS)!r}?",
            "Resign",
            _topology(desk, desk.view.name_of(candidacy.path)),
            _without(desk, candidacy),
            desk.etcdctl.resign(ours.key),
            "The dashboard also ends the lease.",
        )

    await _confirmed(app, desk, plan, lambda: desk.own.resign(candidacy))


@_asks
async def abandon(app: App[None], desk: Desk, candidacy: Candidacy) -> None:
    """Confirm, stop renewing: what the others see is a crash."""
    ours = candidacy.campaign

    def plan() -> Plan:
        return Plan(
            f"Abandon {safe(candidacy.path, 50)} as {safe(ours.value, _VALUE_CELLS)!r}, as a crash would?",
            "Abandon",
            _topology(desk, desk.view.name_of(candidacy.path)),
            f"as now for up to {candidacy.ttl} s, then {_without(desk, candidacy)}",
            f"kill -KILL the candidate's process (lease {ours.lease_id:x} then runs out)",
        )

    await _confirmed(app, desk, plan, lambda: desk.own.abandon(candidacy))


@_asks
async def evict(app: App[None], desk: Desk, name: str, candidate: Candidate) -> None:
    """Show what it does, have its value typed unless it is the user's own, evict, and tell who leads then."""
    path, value = safe(desk.path(name), 50), safe(candidate.value, _VALUE_CELLS)
    question = f"Evict {value!r} from {path}?"
    command = desk.etcdctl.resign(candidate.key)

    def plan() -> Plan:
        after = _without_key(desk, name, candidate.key)
        return Plan(question, "Evict", _topology(desk, name), after, command, "Only this candidate, not one after it.")

    if any(candidate.key == each.campaign.key for each in desk.own.live):
        agreed = await app.push_screen_wait(ConfirmDialog(plan)) is True
    else:
        shown = plan()
        title = f"{question}\nnow    {shown.before}\nthen   {shown.after}\n{shown.command}"
        fields = {"value": (f"it is not yours: type {value} to confirm", "")}
        form = await app.push_screen_wait(
            FormDialog(title, fields, "Evict", lambda form: _unlike(form["value"], value))
        )
        agreed = form is not None
    if not agreed:
        return
    desk.asking = None
    try:
        outcome = await carry_out(desk.view.client.election(name, prefix=desk.view.base), [candidate])
        app.notify(str(outcome), title="Evict", markup=False)
    except ElectionError as exc:
        _refuse(app, str(exc))


def _unlike(typed: str, value: str) -> Complaint | None:
    return None if typed == value else Complaint(f"That is not {value}.")


def pick(desk: Desk, path: str) -> Candidacy | None:
    """The candidacy that an action on this election means: the user's that leads, or else the only one."""
    ours = [candidacy for candidacy in desk.own.live if candidacy.path == path]
    leading = [candidacy for candidacy in ours if candidacy.campaign.state is CampaignState.LEADING]
    return leading[0] if leading else ours[0] if len(ours) == 1 else None


@_asks
async def leave(app: App[None], desk: Desk) -> bool:
    """Whether the user leaves, knowing what becomes of candidates and a drill; asks only where there are any."""
    if not desk.own.live and desk.drills.running is None:
        return True
    what, verb = ("resign your candidates", "Resign") if desk.own.live else ("stop the drill", "Stop")
    return await app.push_screen_wait(LeaveDialog(f"Leave, and {what}?", verb, lambda: _fates(desk))) is True


def _fates(desk: Desk) -> list[str]:
    running = desk.drills.running
    drill = [] if running is None else [f"the drill {safe(running.drill.name, 40)} is stopped, and clears away"]
    return [*(_fate(desk, each) for each in desk.own.live), *drill]


def _fate(desk: Desk, candidacy: Candidacy) -> str:
    ours = candidacy.campaign
    who = f"{safe(candidacy.path, 40)}   {safe(ours.value, 30)}"
    if ours.is_leader:
        return f"{who}   leads; then {_without(desk, candidacy)}"
    position = desk.own.position(candidacy)
    place = "" if position is None else f" as {position[0]} of {position[1]}"
    return f"{who}   waits{place}; leaves the queue"


async def _confirmed(app: App[None], desk: Desk, plan: Callable[[], Plan], do: Callable[[], Awaitable[str]]) -> None:
    dialog = ConfirmDialog(plan)
    if not await app.push_screen_wait(dialog):
        return
    desk.asking = None
    try:
        app.notify(await do(), title=dialog.plan.verb, markup=False)
    except ElectionError as exc:
        _refuse(app, str(exc))


def _refuse(app: App[None], reason: str) -> None:
    app.notify(safe(reason, 400), severity="error", markup=False, timeout=10)


def _is_read(desk: Desk, name: str | None) -> bool:
    return name is not None and desk.view.status().loaded


def _topology(desk: Desk, name: str | None) -> str:
    if not _is_read(desk, name):
        return "not read yet" if name is not None else "not watched here"
    status = desk.view.status()
    return _leaders(desk, name) + ("" if status.connected else f", as read {status.age:.0f} s ago")


def _leaders(desk: Desk, name: str | None) -> str:
    state = desk.view.elections.get(name) if name is not None else None
    if state is None or state.leader is None:
        return "vacant"
    rest = state.queue[1:]
    following = f", next {safe(rest[0].value, _VALUE_CELLS)}, {len(rest)} waiting" if rest else ", nobody waits"
    return f"leader {safe(state.leader.value, _VALUE_CELLS)}{following}"


def _without(desk: Desk, candidacy: Candidacy) -> str:
    """What the election is without it."""
    return _without_key(desk, desk.view.name_of(candidacy.path), candidacy.campaign.key)


def _without_key(desk: Desk, name: str | None, key: bytes | None) -> str:
    if not _is_read(desk, name):
        return "whoever waits leads, if anybody does"
    state = desk.view.elections.get(name) if name is not None else None
    rest = [other for other in state.queue if other.key != key] if state is not None else []
    return f"leader {safe(rest[0].value, _VALUE_CELLS)}" if rest else "vacant"
