"""Dialogs: a form, the confirmation before anything is written, the question before leaving, and a page of text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

__all__ = ["Complaint", "ConfirmDialog", "Dialog", "FormDialog", "LeaveDialog", "Plan", "TextDialog"]


T = TypeVar("T")

_SHORT = 20
"""With fewer lines a dialog does without its margins, so that its buttons are seen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be written. Foreign text in it is already harmless."""

    question: str
    verb: str
    """The button that does it."""
    before: str
    after: str
    command: str
    """The equivalent etcdctl command."""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with what a form holds. Foreign text in it is already harmless."""

    text: str
    may_insist: bool = False
    """Whether the same may be submitted once more, and is taken then."""


class Dialog(ModalScreen[T], Generic[T]):
    """A box in the middle; esc cancels."""

    # Each dialog gives the focus itself, when it is mounted: no other widget may have it for a moment.
    AUTO_FOCUS = ""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", id="cancel")]

    def on_resize(self) -> None:
        self.set_class(self.size.height < _SHORT, "-short")

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)


class ConfirmDialog(Dialog[bool | None]):
    """Shows before, after and the command; ``True`` only if the other button than Cancel was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "app.focus_previous", show=False),
        Binding("right,l", "app.focus_next", show=False),
    ]

    def __init__(self, plan: Callable[[], Plan]) -> None:
        """``plan`` is asked once a second for as long as the dialog is open."""
        super().__init__()
        self._make_plan = plan
        self.plan = plan()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(self.plan.question, markup=False, classes="question")
            with VerticalScroll(classes="facts", can_focus=False):
                yield Static(markup=False, id="before")
                yield Static(markup=False, id="after")
                yield Static("\nequivalent command:", markup=False, classes="muted")
                yield Static(markup=False, id="command")
                yield Static(markup=False, id="remark", classes="muted")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button(self.plan.verb, id="do", variant="warning")

    def on_mount(self) -> None:
        self._show()
        self.set_focus(self.query_one("#cancel", Button))
        self.set_interval(1.0, self._renew)

    def _renew(self) -> None:
        self.plan = self._make_plan()
        self._show()

    def _show(self) -> None:
        plan = self.plan
        shown = {
            "before": f"now    {plan.before}",
            "after": f"then   {plan.after}",
            "command": plan.command,
            "remark": plan.remark,
        }
        for name, text in shown.items():
            self.query_one(f"#{name}", Static).update(text)

    @on(Button.Pressed, "#do")
    def _confirmed(self) -> None:
        self.dismiss(True)


class LeaveDialog(Dialog[bool | None]):
    """Lists what leaving does to the user's candidates, and to a drill; enter and y leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "leave", show=False),
        Binding("left,h", "app.focus_previous", show=False),
        Binding("right,l", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, verb: str, fates: Callable[[], list[str]]) -> None:
        """``fates``: a line for each thing that ends; asked once a second for as long as the dialog is open."""
        super().__init__()
        self._question, self._verb, self._fates = question, verb, fates

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(self._question, markup=False, classes="question")
            with VerticalScroll(classes="facts", can_focus=False):
                yield Static(markup=False, id="fates")
            with Horizontal(classes="buttons"):
                yield Button("Stay", id="cancel")
                yield Button(f"{self._verb} and leave", id="do", variant="warning")

    def on_mount(self) -> None:
        self._show()
        self.set_focus(self.query_one("#do", Button))
        self.set_interval(1.0, self._show)

    def _show(self) -> None:
        self.query_one("#fates", Static).update("\n".join(self._fates()) or "All of it has ended by now.")

    @on(Button.Pressed, "#do")
    def action_leave(self) -> None:
        self.dismiss(True)


class FormDialog(Dialog[dict[str, str] | None]):
    """One line of input per field; gives ``{field: text}``, or ``None`` if cancelled. Nothing is written yet."""

    # The mutable state: what was submitted last and complained about.

    def __init__(
        self,
        title: str,
        fields: dict[str, tuple[str, str]],
        verb: str,
        check: Callable[[dict[str, str]], Complaint | None],
        first: str | None = None,
    ) -> None:
        """
        Args:
            fields: key → label and initial text.
            check: what is wrong with the texts; while something is, the form stays open with them.
            first: the field to begin in, whose initial text is written over; else the first empty one.
        """
        super().__init__()
        self._first = first
        self._title, self._fields, self._verb, self._check = title, fields, verb, check
        self._doubtful: dict[str, str] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(self._title, markup=False, classes="question")
            for key, (label, initial) in self._fields.items():
                yield Label(label, markup=False, classes="muted")
                yield Input(initial, id=key, compact=True)
            yield Static(markup=False, id="complaint")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button(self._verb, id="do", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#complaint").display = False
        boxes = list(self.query(Input))
        empty = next((box for box in boxes if not box.value), boxes[-1])
        self.set_focus(empty if self._first is None else self.query_one(f"#{self._first}", Input))

    @on(Input.Submitted)
    @on(Button.Pressed, "#do")
    def _submitted(self) -> None:
        texts = {box.id or "": box.value for box in self.query(Input)}
        complaint = self._check(texts)
        if complaint is None or (complaint.may_insist and texts == self._doubtful):
            self.dismiss(texts)
        else:
            self._doubtful = texts
            line = self.query_one("#complaint", Static)
            line.update(complaint.text)
            line.display = True


class TextDialog(Dialog[None]):
    """A page of text; any of esc, q and ? closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark,enter", "cancel", show=False),
        Binding("j,down", "line(1)", show=False),
        Binding("k,up", "line(-1)", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog page"):
            yield Label(self._title, markup=False, classes="question")
            yield Static(self._text, markup=False)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(VerticalScroll))

    def action_line(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
