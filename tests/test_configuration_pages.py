"""docs/configuration.md and docs/alerts.md are what happens: their sessions are run, their tables compared."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from election_core import Candidate, Transition
from electiontui.alerts import CONDITIONS, Alert, Rule
from electiontui.alerts.plan import facts_of
from electiontui.embedded import EmbeddedEtcd
from electiontui.keys import ACTIONS, Keys
from electiontui.profiles import parse_profile
from electiontui.profiles.reading import KEYS, THRESHOLDS

from .readme import FENCE, rows
from .servers import ROOT, clean_environment, needed_binary
from .sessions import printed

CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
ALERTS = (ROOT / "docs" / "alerts.md").read_text("utf-8")


def block(page: str, language: str) -> str:
    (found,) = [body for kind, body in FENCE.findall(page) if kind == language]
    return str(found)


def alike(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b[0-9a-f]{11,16}\b", "LEASE", text)
    return re.sub(r"for 00:00:0\d now", "for a while now", re.sub(" +", " ", text))


def session(text: str, folder: Path, **env: str) -> str:
    """What a shell prints for the lines of a session, in order, its prompts included."""
    said = printed(text, clean_environment(HOME=str(folder), **env), Path(sys.executable).parent, folder)
    return said.replace(str(folder), "~")


def test_the_session_with_profiles_is_what_happens(tmp_path: Path) -> None:
    config = tmp_path / ".config"
    profiles = config / "electiontui" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "prod.toml").write_text(block(CONFIGURATION, "toml"))
    (profiles / "ca.pem").touch()
    text = block(CONFIGURATION, "console")
    assert alike(session(text, tmp_path, XDG_CONFIG_HOME=str(config))) == alike(text)


def test_the_session_with_alerts_is_what_happens(tmp_path: Path) -> None:
    text = block(ALERTS, "console")
    script = re.search(r"^\$ cat tell\n(.*?)^\$", text, re.MULTILINE | re.DOTALL)
    assert script is not None
    (tmp_path / "tell").write_text(script[1])
    (tmp_path / "tell").chmod(0o755)
    (tmp_path / "alerts.toml").write_text(block(ALERTS, "toml"))
    with EmbeddedEtcd(binary=needed_binary("3.5")) as etcd:
        found = session(text, tmp_path, ETCDCTL_ENDPOINTS=etcd.endpoint)
    assert alike(found) == alike(text)


def test_the_tables_are_what_is_read() -> None:
    named = {key for row in rows("key", CONFIGURATION) for key in re.findall(r"`([\w-]+)`", row[0])}
    apart = {"password-command", "password-file", "theme", "thresholds", "keys", "alerts"}
    assert named == {*KEYS, *apart}
    (thresholds,) = [row[2] for row in rows("key", CONFIGURATION) if row[0] == "`thresholds`"]
    assert set(THRESHOLDS) <= set(re.findall(r"`([\w-]+)`", thresholds))
    conditions = {row[0].strip("`"): set(re.findall(r"`([\w-]+)`", row[2])) for row in rows("`when`", ALERTS)}
    assert conditions == {when: {*needed, *possible} for when, (needed, possible) in CONDITIONS.items()}


def test_the_table_of_keys_is_the_one_that_is_used() -> None:
    cells = [cell for row in rows("action", CONFIGURATION) for cell in row if cell]
    named = {action.strip("`"): key.strip("`") for action, key in zip(cells[::2], cells[1::2], strict=True)}
    assert named == {action: Keys().shown(action) for action in ACTIONS}


def test_the_variables_are_those_that_are_set() -> None:
    candidate = Candidate(b"k", b"v", 1, 2, 3)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    changes, _ = facts_of(Transition("a", 3, candidate, candidate, False, at))
    alerts, _ = facts_of(Alert(Rule("vacant"), "a", True, 0, 0, None))
    described: tuple[set[str], set[str]] = set(), set()
    for variables, change, alert in rows("variable", ALERTS):
        for cell, names in zip((change, alert), described, strict=True):
            if cell:
                names |= set(re.findall(r"`(\w+)`", variables))
    assert described == (set(changes), set(alerts))


def test_the_rules_of_the_page_can_be_read() -> None:
    assert len(parse_profile(block(ALERTS, "toml"), Path("p.toml"), "p").rules) == len(CONDITIONS)
