"""Keys and theme of a profile in the running dashboard."""

from __future__ import annotations

from functools import partial
from typing import Any

from election_core import Client
from electiontui.app import ElectionApp
from electiontui.embedded import EmbeddedEtcd
from electiontui.findings import Limits
from electiontui.keys import ACTIONS, Keys
from electiontui.opening import Wishes
from electiontui.screens.dialogs import TextDialog
from electiontui.screens.elections import ElectionsScreen
from electiontui.screens.help import help_text
from electiontui.screens.warnings import WarningsScreen

from ..servers import Etcdctl
from ..test_cli import put_candidate
from .driving import line, text_of, until

CHOSEN = {
    "help": ("H",),
    "filter": ("f",),
    "past": ("o", "f7"),
    "move_down": ("n",),
    "view_cluster": ("ctrl+n",),
    "acknowledged": ("o",),
}
WISHES = Wishes(CHOSEN, "nord", Limits(min_standby=0))


async def test_keys_and_theme_are_those_of_the_profile_everywhere(etcd: EmbeddedEtcd) -> None:
    etcdctl = Etcdctl(etcd.endpoint)
    for name in ("a", "b"):
        put_candidate(etcdctl, f"election/{name}/", "one")
    app = ElectionApp(lambda: Client(etcd.endpoint), prefixes=("election/",), wishes=WISHES)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "▶a" in text_of(app))
        assert app.theme == "nord"
        # The line of views, and the footer, which is made anew when its bindings are known.
        for each in ("^n cluster", "H Help", "f Filter"):
            await until(pilot, partial(lambda each: each in text_of(app), each))
        assert "/ Filter" not in text_of(app)
        # Moved: the old key does nothing any more, the new one what it did.
        await pilot.press("j")
        assert "▶a" in text_of(app)
        await pilot.press("n")
        await until(pilot, lambda: "▶b" in text_of(app))
        await pilot.press("question_mark")
        assert isinstance(app.screen, ElectionsScreen)
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, TextDialog) and "H  this page" in text_of(app))
        await pilot.press("escape")
        await pilot.press("f", *"zzz", "enter")
        await until(pilot, lambda: "No election matches the filter; esc clears it." in text_of(app))
        await pilot.press("escape", "ctrl+n")
        await until(pilot, lambda: app.current_mode == "cluster")
        screen: Any = app.screen
        assert "View ^n" in {command.help for command in app.get_system_commands(screen)}
        # The warnings go by the thresholds: nobody has to stand by.
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, WarningsScreen) and "…" not in line(app, "#title"))
        assert "no-standby" not in text_of(app)


def test_the_help_has_every_action_and_no_key_of_its_own() -> None:
    chosen = {action: (chr(ord("①") + number),) for number, action in enumerate(ACTIONS)}
    moved = help_text(Keys(chosen), of_replay=True)
    # These belong to the dialog of what was found, which shows them itself.
    elsewhere = {"mark_prefix", "stop_finding"}
    assert {action for action, (letter,) in chosen.items() if letter not in moved} == elsewhere
