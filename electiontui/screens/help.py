"""The help page."""

from __future__ import annotations

from ..keys import Keys
from ..rows import FLAP_CHANGES, FLAP_WINDOW

__all__ = ["help_text"]

_REPLAY = """\
The recording
  {pause:<5}  play, or stand still    {slower+faster}  slower, faster: a quarter to 3600x
  {step_back+step_on:<5}  step to the change before, to the next one
  {jump_back+jump_on:<5}  jump back, on: a minute, or five seconds of playing
  {seek:<5}  go to a moment; a click on the bar goes there, too
  Nothing is written, and nothing is asked of etcd: what a recording does
  not keep, such as the leases, is not shown.

"""


class _Written(dict[str, str]):
    """Keys by actions, several of them as ``zoom_in+zoom_out``."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def __missing__(self, actions: str) -> str:
        return " ".join(map(self._keys.shown, actions.split("+")))


def help_text(keys: Keys, *, of_replay: bool = False) -> str:
    """All keys as they are now, and all signs."""
    return (_REPLAY + _TEXT if of_replay else _TEXT).format_map(_Written(keys))


_TEXT = f"""\
Everywhere
  {{move_down+move_up+move_top+move_bottom+page_down+page_up}}, arrows   move         {{pause:<5}}  hold the view still
  tab  next pane     {{copy}}  copy     {{command}}  command palette     {{help}}  this page
  {{quit}} ^q leave; asks before your candidates resign

Views
  {{view_elections}}  elections   {{view_leaders}}  leaders   {{view_warnings}}  warnings
  {{view_cluster}}  cluster     {{view_console}}  console   {{view_events}}  events

Elections
  {{open:<5}}  open one         {{console}}  campaign console
  {{filter:<3}}  filter: text, /regex/, a leading ! turns it around; {{clear_filter}} ends it
  {{sort+reverse:<3}}  sort by the next column, turn the order around; or click a title
  {{fold:<3}}  fold elections whose names begin alike; {{open}} opens a group
  {{past:<3}}  those that are over, too; they were led for a short time, and are
       vacant for long       {{troubles}}  only those in trouble
  {{export:<3}}  export what is shown as CSV or JSON; in events ({{view_events}}), too
  {{find:<3}}  find elections elsewhere: by keys alone, in the whole key space

One election
  {{zoom_in+zoom_out:<3}}  zoom, 30 s to 7 d    {{pan_back+pan_forward}}  pan    \
{{go_live}}  back to now, without the cursor
  {{previous_edge+next_edge:<3}}  the reading cursor from edge to edge; a click sets it
  {{open:<5}}  on an event: the timeline moves there
  {{charts:<3}}  charts; {{value}}  the whole value as text, JSON or hex
  {{copy:<3}}  copies the key (queue), the value (events), the fencing token (timeline)
  {{copy_more:<3}}  copies the lease (queue) or the line that is read (events, timeline)
  {{export:<3}}  export the timeline as CSV, JSON or SVG
  {{maximise:<3}}  enlarge the pane with the focus
  {{proclaim+resign:<3}}  proclaim, resign your candidate    {{back}}  back
  {{evict:<3}}  evict the candidate under the cursor, also another's

Leaders
  one row for each value that leads or waits, and below it what becomes
  of each election that it leads;  {{open}}  the elections it is in

Warnings
  {{open:<5}}  what it means, how to make sure, what to do
  {{warning_election}}  the election    {{acknowledge}}  acknowledge: folded away until it changes
  {{acknowledged}}  show the acknowledged ones; {{acknowledge}} takes it back    {{copy}}  copy the command

Events
  {{proclaims:<3}}  proclaims, too    {{filter}}  filter    {{open}}  the election

Console
  {{campaign+proclaim+resign:<5}}  campaign, proclaim, resign    {{abandon}}  abandon: stop renewing, as a crash
  {{forget:<5}}  clear what is closed          {{back}}  back; candidates stay
  {{drills:<5}}  drills: {{run_drill}} runs one, {{open_drill}} opens a file, {{stop_drill}} stops it, {{export}} \
exports
         the report; it goes on while you look elsewhere

Everything that writes asks first, and shows the etcdctl command for it.

Signs
  ● leads   ○ VACANT   ★ leader   ⚑ yours   (console: ◌ waits)
  ✗ critical   ▲ warning   · notice   ✓ acknowledged
  ◌ DYING: less than a third of its lease is left   ✗ BLOCK: no lease
  ◐ flapping: {FLAP_CHANGES} or more new leaders within {FLAP_WINDOW.seconds // 60} minutes
  timeline: █ leads  ▄ vacant  ≥ began before it was seen
            ░▒▓ several terms in one cell, by their share of it
            ╱ not watched: nobody knows  … forgotten, there were too many
            ? changes in between were missed
  ≥ before a time: etcd keeps no times, so a leader found at the start
    has led for at least that long

The order of a queue is the revision that created each key; the leader's
is its fencing token.
"""
