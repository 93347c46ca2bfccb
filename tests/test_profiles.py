"""Profiles where they are used: which value holds and who says so, passwords, and what is told of careless files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from electiontui import cli as command_line
from electiontui.commands import amounting, check
from electiontui.profiles import folder

from .servers import ROOT, clean_environment
from .test_cli import run, settings_of
from .test_global_options import OPTIONS


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the profiles, empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("ELECTIONTUI_PROFILE", raising=False)
    folder().mkdir(parents=True)
    return folder()


def write(profiles: Path, name: str, content: str, mode: int = 0o600) -> Path:
    path = profiles / name
    path.write_text(content)
    path.chmod(mode)
    return path


# --- which holds


def test_a_flag_wins_over_the_environment_over_the_profile_over_the_default(profiles: Path) -> None:
    write(profiles, "prod.toml", 'endpoints = "p:1"\ncommand-timeout = "7s"\nread-only = true\nprefix = "p/"\n')
    prod = {"ELECTIONTUI_PROFILE": "prod"}
    env = {**prod, "ETCDCTL_ENDPOINTS": "e:1", "ETCDCTL_COMMAND_TIMEOUT": "8s"}

    def held(*args: str, after: tuple[str, ...] = (), env: dict[str, str] | None = None) -> tuple[Any, ...]:
        found = settings_of(*args, after=after, env=env)
        return found.endpoints, found.timeout, found.read_only, found.prefixes

    assert held() == (("127.0.0.1:2379",), 5.0, False, ("election/",))
    assert held(env=prod) == held("--profile", "prod") == held(after=("--profile=prod",)) == (
        ("p:1",), 7.0, True, ("p/",)
    )  # fmt: skip
    assert held(env=env) == (("e:1",), 8.0, True, ("p/",))
    assert held("--endpoints", "f:1", after=("--command-timeout", "9s"), env=env) == (("f:1",), 9.0, True, ("p/",))
    assert held("--prefix", "a/", after=("--prefix", "b/"), env=env)[3] == ("a/", "b/")


@pytest.mark.parametrize(
    ("back", "field"),
    [
        ("--no-read-only", "read_only"),
        ("--no-low-bandwidth", "low_bandwidth"),
        ("--no-plain", "plain"),
        ("--keep-history", "without_history"),
    ],
)
def test_a_flag_switches_back_what_a_profile_or_the_environment_has_switched_on(
    profiles: Path, back: str, field: str
) -> None:
    write(profiles, "p.toml", "read-only = true\nlow-bandwidth = true\nplain = true\nno-history = true\n")
    env = {"ELECTIONTUI_PROFILE": "p"}
    assert getattr(settings_of(env=env), field)
    assert not getattr(settings_of(back, env=env), field)
    assert not getattr(settings_of(after=(back,), env=env), field)
    if field != "without_history":
        variable = f"ELECTIONTUI_{field.upper()}"
        assert not getattr(settings_of(env={**env, variable: "false"}), field)
        assert not getattr(settings_of(back, env={variable: "true"}), field)
    shown = run("--profile", "p", back, "config", "show").stdout
    assert any(line.split()[1:] == ["false", back] for line in shown.splitlines())


def test_the_profile_after_the_command_wins_and_the_other_is_not_even_read(profiles: Path) -> None:
    write(profiles, "bad.toml", "endpoints = [")
    write(profiles, "good.toml", 'endpoints = "good:1"')
    assert settings_of("--profile", "bad", after=("--profile", "good")).endpoints == ("good:1",)
    assert settings_of(after=("--profile", "good"), env={"ELECTIONTUI_PROFILE": "bad"}).endpoints == ("good:1",)


def test_the_one_called_default_holds_where_none_is_named(profiles: Path) -> None:
    path = write(profiles, "default.toml", 'endpoints = "d:1"')
    assert settings_of().endpoints == ("d:1",)
    assert settings_of("--profile", "").endpoints == ("127.0.0.1:2379",)
    elsewhere = path.rename(path.parent.parent / "mine.toml")
    assert settings_of("--profile", str(elsewhere)).endpoints == ("d:1",)


def test_a_config_folder_that_cannot_be_looked_into_is_one_without_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", f"/{'a' * 300}")
    assert settings_of().profile is None


def test_a_mark_of_the_byte_order_is_no_part_of_what_stands_in_a_file(profiles: Path) -> None:
    (profiles / "secret").write_text("\ufeffhunter2\n", "utf-8")
    (profiles / "p.toml").write_text('\ufeffuser = "ops"\npassword-file = "secret"\n', "utf-8")
    found = settings_of("--profile", "p")
    assert (found.username, found.password) == ("ops", "hunter2")


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_can_stand_in_a_profile_but_the_profile_itself(
    profiles: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    if option in ("--profile", "--password"):
        return
    value, field, wanted = OPTIONS[option]
    monkeypatch.setattr(amounting, "begin_log", lambda file, level: None)
    write(profiles, "FILE", "secret\n")
    if option == "--user":
        value = value.partition(":")[0]
    written = {"": "true", "=false": "false"}.get(value) or json.dumps(value)
    secret = "password-file = 'FILE'\n" if option == "--user" else ""
    companions = {"--cert": "key = 'FILE'\n", "--key": "cert = 'FILE'\n"}.get(option, "")
    write(profiles, "all.toml", f"{option.removeprefix('--')} = {written}\n{companions}{secret}")
    found = getattr(settings_of("--profile", "all"), field)
    assert found == (profiles / wanted if isinstance(wanted, Path) else wanted)


def test_thresholds_are_what_check_goes_by_unless_options_say_otherwise(
    profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr(check, "check", lambda *args, **named: seen.update(named) or 0)
    write(profiles, "p.toml", 'thresholds = { vacant-longer-than = "9s", min-standby = 3, ignore = ["alarm"] }')
    assert command_line._run(["--profile=p", "check"]) == 0
    assert (seen["vacant_longer_than"], seen["min_standby"], seen["ignored"]) == (9.0, 3, ("alarm",))
    assert command_line._run(["--profile=p", "check", "--min-standby=2", "--ignore=vacant"]) == 0
    assert (seen["vacant_longer_than"], seen["min_standby"], seen["ignored"]) == (9.0, 2, ("vacant",))
    limits = settings_of("--profile=p").wishes
    assert (limits.limits.vacant_longer_than, limits.limits.min_standby, limits.ignored) == (
        9.0,
        3,
        frozenset(["alarm"]),
    )


# --- passwords


def test_a_password_comes_from_a_file_or_a_program(profiles: Path) -> None:
    write(profiles, "secret", "hunter2\r\nand more\n")
    write(profiles, "file.toml", 'user = "ops"\npassword-file = "secret"')
    write(profiles, "program.toml", f'user = "ops"\npassword-command = ["cat", "{profiles}/secret"]')
    for name in ("file", "program"):
        found = settings_of("--profile", name)
        assert (found.username, found.password) == ("ops", "hunter2")
        assert "hunter2" not in repr(found)
        assert settings_of("--profile", name, "--password", "mine").password == "mine"
        assert settings_of("--profile", name, env={"ETCDCTL_PASSWORD": "env"}).password == "env"
        assert settings_of("--profile", name, "--user", "ops:own").password == "own"


def test_the_password_of_a_profile_is_given_to_no_other_user(profiles: Path) -> None:
    """H97"""
    write(profiles, "secret", "hunter2")
    write(profiles, "p.toml", 'user = "ops"\npassword-file = "secret"')
    done = run("--profile", "p", "--user", "root", "list")
    assert done.returncode == 3
    assert "--user needs a password" in done.stderr
    assert settings_of("--profile", "p", "--user", "ops").password == "hunter2"


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ('password-command = ["false"]', "p.toml:2: the password command ended with 1."),
        ('password-command = ["/nowhere/at/all"]', "p.toml:2: the password command cannot be run: No such file"),
        ('password-command = ["true"]', "p.toml:2: the password is empty."),
        ('password-command = ["printf", "\\\\377"]', "p.toml:2: the password is not UTF-8."),
        ('password-file = "nowhere"', "is not there, or you may not read it"),
    ],
)
def test_a_password_that_is_not_to_be_had_is_told(profiles: Path, way: str, says: str) -> None:
    write(profiles, "p.toml", f'user = "ops"\n{way}')
    done = run("--profile", "p", "list")
    assert done.returncode == 3
    assert says in done.stderr


def test_files_that_others_can_get_at_are_warned_of(profiles: Path) -> None:
    """H97"""
    write(profiles, "secret", "hunter2", 0o644)
    write(profiles, "p.toml", 'user = "ops"\npassword-file = "secret"\non-alert = "page"', 0o666)
    for args in (("--profile", "p", "--endpoints", "127.0.0.1:9", "--command-timeout", "300ms", "list"),
                 ("config", "validate", "p")):  # fmt: skip
        stderr = run(*args).stderr
        assert f"others can get at the password in {profiles}/secret; have `chmod 600` keep them away" in stderr
        assert f"others can change {profiles}/p.toml, which names programs that you run" in stderr
    (profiles / "secret").chmod(0o600)
    (profiles / "p.toml").chmod(0o644)
    assert run("config", "validate", "p").stderr == ""


# --- config


def test_show_says_where_each_value_comes_from_and_hides_secrets(profiles: Path) -> None:
    """H97"""
    write(profiles, "secret", "hunter2")
    write(
        profiles,
        "prod.toml",
        'endpoints = ["a:1", "b:1"]\nuser = "ops"\npassword-command = ["pass", "hunter2"]\n[keys]\nhelp = "H"\n'
        '[[alerts]]\nname = "gone"\nwhen = "vacant"\n',
    )
    env = {"ETCDCTL_COMMAND_TIMEOUT": "9s"}
    done = run("--profile", "prod", "config", "show", "--prefix", "x/", env=env)
    assert (done.returncode, done.stderr) == (0, f"electiontui: profile: {profiles}/prod.toml\n")
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert rows["endpoints"] == ["a:1", "b:1", "prod.toml:1"]
    assert rows["prefix"] == ["x/", "--prefix"]
    assert rows["command-timeout"] == ["9s", "ETCDCTL_COMMAND_TIMEOUT"]
    assert rows["password-command"] == ["pass", "…", "prod.toml:3"]
    assert rows["keys.help"] == ["H", "prod.toml:5"]
    assert rows["alerts.1"] == ["gone", "prod.toml:6"]
    assert rows["read-only"] == ["false", "default"]
    secret = run("config", "show", "--user", "root:hunter2", "-w", "json", env={"ETCDCTL_PASSWORD": "hunter2"})
    found = json.loads(secret.stdout)
    assert found["options"]["password"] == {"value": "(hidden)", "from": "ETCDCTL_PASSWORD"}
    assert found["options"]["user"] == {"value": "root:(hidden)", "from": "--user"}
    assert "hunter2" not in done.stdout + done.stderr + secret.stdout + secret.stderr


def test_show_has_every_option(profiles: Path) -> None:
    found = json.loads(run("config", "show", "-w", "json").stdout)
    assert found["profile"] is None
    wanted = {option.removeprefix("--") for option in OPTIONS} - {"password"}
    assert set(found["options"]) == wanted
    assert {each["from"] for each in found["options"].values()} == {"default"}


def test_validate_reads_all_profiles_and_says_what_is_wrong(profiles: Path) -> None:
    assert "there are no profiles; they lie in" in run("config", "validate").stderr
    write(profiles, "a.toml", "read-only = true")
    write(profiles, "b.toml", "\n[keys]\nhlep = 'x'")
    write(profiles, "c.toml", "cacert = 'nowhere.pem'")
    done = run("config", "validate")
    assert (done.returncode, done.stdout) == (3, f"{profiles}/a.toml: all right\n")
    second, third = done.stderr.splitlines()
    assert second.startswith(f"electiontui: {profiles}/b.toml:3: 'hlep' is no action; there are view_elections, ")
    assert third.endswith(f"c.toml:1: cacert: {profiles}/nowhere.pem is not there, or you may not read it.")
    assert run("config", "validate", "a").returncode == 0
    assert "there is no such profile; there are a, b, c." in run("config", "validate", "d").stderr
    (profiles / "a.toml").write_bytes(b"\n\xff")
    assert "a.toml:2: this is not UTF-8" in run("config", "validate", "a").stderr
    assert json.loads(run("config", "validate", "--schema").stdout)["title"] == "A profile of electiontui"


def test_a_wrong_profile_keeps_no_help_from_being_shown(profiles: Path) -> None:
    write(profiles, "default.toml", "endpoints = [")
    assert run("list", "--help").returncode == run("--help").returncode == run("--version").returncode == 0
    done = run("list")
    assert (done.returncode, done.stderr.count("default.toml:1: this is not TOML")) == (3, 1)
    assert run("config", "validate").returncode == 3


# --- the log


def test_the_log_goes_to_its_file_as_lines_that_nobody_forges(tmp_path: Path) -> None:
    file = tmp_path / "log"
    script = (
        "import logging, sys\nfrom pathlib import Path\nfrom electiontui.commands.logs import begin_log\n"
        f"begin_log(Path({str(file)!r}), 'info')\n"
        "log = logging.getLogger('election_core.feed')\n"
        "log.info('of %s', 'an\\nevil\\x1b[2J name')\nlog.debug('hidden')\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    log.exception('failed')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env=clean_environment(), timeout=30)
    first, *others = file.read_text().splitlines()
    assert first.endswith("INFO election_core.feed: of an\\nevil\\x1b[2J name")
    assert others[0].endswith("ERROR election_core.feed: failed")
    assert others[-1] == "    ZeroDivisionError: division by zero"
    assert "hidden" not in file.read_text()


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import logging\nfrom pathlib import Path\nfrom electiontui.commands import logs\nlogs.LARGEST = 2000\n"
        f"logs.begin_log(Path({str(tmp_path / 'log')!r}), 'info')\n"
        "for n in range(200):\n    logging.getLogger('election_core').info('line %d', n)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env=clean_environment(), timeout=30)
    assert sorted(os.listdir(tmp_path)) == ["log", "log.1"]
    assert all(path.stat().st_size <= 2000 for path in tmp_path.iterdir())
    assert (tmp_path / "log").read_text().endswith("line 199\n")


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = run("--log-file", str(tmp_path / "nowhere" / "log"), "list")
    assert done.returncode == 3
    assert "nowhere/log: cannot write there: No such file or directory." in done.stderr
