"""Dialogs: a form, the confirmation before anything is written, and a page of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

__all__ = ["ConfirmDialog", "FormDialog", "Plan", "TextDialog"]


T = TypeVar("T")


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


class Dialog(ModalScreen[T], Generic[T]):
    """A box in the middle; esc cancels."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", id="cancel")]

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

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan

    def compose(self) -> ComposeResult:
        plan = self.plan
        with Vertical(classes="dialog"):
            yield Label(plan.question, markup=False, classes="question")
            with VerticalScroll(classes="facts", can_focus=False):
                yield Static(f"now    {plan.before}", markup=False)
                yield Static(f"then   {plan.after}", markup=False)
                yield Static("\nequivalent command:", markup=False, classes="muted")
                yield Static(plan.command, markup=False, id="command")
                yield Static(plan.remark, markup=False, classes="muted")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button(plan.verb, id="do", variant="warning")

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    @on(Button.Pressed, "#do")
    def _confirmed(self) -> None:
        self.dismiss(True)


class FormDialog(Dialog[dict[str, str] | None]):
    """One line of input per field; gives ``{field: text}``, or ``None`` if cancelled. Nothing is written yet."""

    def __init__(self, title: str, fields: dict[str, tuple[str, str]], verb: str) -> None:
        """``fields``: key → label and initial text."""
        super().__init__()
        self._title, self._fields, self._verb = title, fields, verb

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label(self._title, markup=False, classes="question")
            for key, (label, initial) in self._fields.items():
                yield Label(label, markup=False, classes="muted")
                yield Input(initial, id=key, compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel")
                yield Button(self._verb, id="do", variant="primary")

    def on_mount(self) -> None:
        boxes = list(self.query(Input))
        next((box for box in boxes if not box.value), boxes[-1]).focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#do")
    def _submitted(self) -> None:
        self.dismiss({box.id or "": box.value for box in self.query(Input)})


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

    def action_line(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
