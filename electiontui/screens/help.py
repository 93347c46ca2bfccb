"""The help page."""

from __future__ import annotations

from ..rows import FLAP_CHANGES, FLAP_WINDOW

__all__ = ["HELP"]

HELP = f"""\
Everywhere
  j k g G ^d ^u, arrows   move         space  hold the view still
  tab  next pane     y  copy     :  command palette     ?  this page
  q ^q leave; asks before your candidates resign

Views
  1  elections   2  leaders   3  warnings
  4  cluster     5  console   6  events

Elections
  enter  open one         C  campaign console
  /    filter: text, /regex/, a leading ! turns it around; esc ends it
  s S  sort by the next column, turn the order around; or click a title
  a    find elections elsewhere: by keys alone, in the whole key space

One election
  + -  zoom, 30 s to 7 d    h l  pan    0  back to now, without the cursor
  [ ]  the reading cursor from edge to edge; a click sets it
  enter  on an event: the timeline moves there
  c    charts; v  the whole value as text, JSON or hex
  y    copies the key (queue), the value (events), the fencing token (timeline)
  Y    copies the lease (queue) or the line that is read (events, timeline)
  e    export the timeline as CSV, JSON or SVG
  z    enlarge the pane with the focus
  P R  proclaim, resign your candidate    esc  back

Leaders
  one row for each value that leads or waits, and below it what becomes
  of each election that it leads;  enter  the elections it is in

Warnings
  enter  what it means, how to make sure, what to do
  g  the election    x  acknowledge: folded away until it changes
  f  show the acknowledged ones; x takes it back    y  copy the command

Events
  p    proclaims, too    /  filter    enter  the election

Console
  C P R  campaign, proclaim, resign    A  abandon: stop renewing, as a crash
  x      clear what is closed          esc  back; candidates stay

Everything that writes asks first, and shows the etcdctl command for it.

Signs
  ● leads   ○ VACANT   ◌ waits   ★ leader   ⚑ yours
  ✗ critical   ▲ warning   · notice   ✓ acknowledged
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
