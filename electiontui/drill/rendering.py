"""A report as table, JSON, Markdown or JUnit's XML. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from ..pictures.table import aligned
from ..text import safe
from .report import FIGURES, Report, Result

__all__ = ["FORMS", "FORM_OF", "as_text"]

_NAMES = {"handover": "hand-over", "vacancy": "vacancy", "to_error": "time to error", "margin": "knew earlier by"}


def as_text(report: Report, form: str, *, plain: bool = False) -> str:
    """The report in one of `FORMS`, without a final line break; a table is in ASCII where it is to be ``plain``."""
    return _table(report, plain=plain) if form == "table" else FORMS[form](report)


def _verdict(report: Report) -> str:
    return "PASS" if report.passes else "FAIL"


def _summary(report: Report) -> str:
    rounds = f"{report.rounds} round{'s' if report.rounds > 1 else ''}"
    refused, tried = report.refused
    writes = f"; {refused} of {tried} writes with an old token refused" if tried else ""
    return f"{rounds} on etcd {report.etcd}{writes}"


def _shown(report: Report) -> list[Result]:
    """One result of each step: the first that did not pass, else the last."""
    return [
        next((each for each in results if each.verdict != "PASS"), results[-1]) for results in report.by_step().values()
    ]


def _passed(report: Report, result: Result) -> str:
    results = report.by_step()[result.step.number]
    if len(results) == 1:
        return result.verdict
    return f"{result.verdict} ({sum(each.verdict == 'PASS' for each in results)} of {len(results)})"


def _table(report: Report, *, plain: bool = False) -> str:
    lines = [f"{report.drill}: {_verdict(report)}, {_summary(report)}", ""]
    steps = [
        (each.step.number, safe(str(each.step)), _passed(report, each), safe(each.reason)) for each in _shown(report)
    ]
    lines += aligned([("STEP", "DOES", "VERDICT", "WHY"), *steps], plain=plain)
    figures = [
        (step.number, _NAMES[figure], *map(_seconds, (found.median, found.p95, found.worst)), str(found.count))
        for step, figure, found in report.figures()
    ]
    if figures:
        lines += ["", *aligned([("STEP", "MEASURED", "MEDIAN", "P95", "WORST", "TIMES"), *figures], right=(2, 3, 4, 5))]
    lines += [f"left behind: {safe(each)}" for each in report.left_behind]
    return "\n".join(line.rstrip() for line in lines)


def _seconds(value: float) -> str:
    return f"{value:.3f}s"


def _json(report: Report) -> str:
    figures = [{"step": step.number, "measured": figure, **asdict(found)} for step, figure, found in report.figures()]
    document = {
        "drill": report.drill,
        "verdict": _verdict(report),
        "etcd": report.etcd,
        "rounds": report.rounds,
        "results": [_result(each) for each in report.results],
        "figures": figures,
        "left_behind": list(report.left_behind),
    }
    return json.dumps(document)


def _result(result: Result) -> dict[str, Any]:
    return {
        "round": result.round,
        "step": result.step.number,
        "line": result.step.line,
        "does": str(result.step),
        "verdict": result.verdict,
        "reason": result.reason,
        "seconds": round(result.seconds, 6),
        **{name: getattr(result.measures, name) for name in (*FIGURES, "refused")},
    }


def _markdown(report: Report) -> str:
    lines = [f"## {report.drill}: {_verdict(report)}", "", *([report.about, ""] if report.about else [])]
    lines += [f"{_summary(report)}.", "", "| step | does | verdict | why |", "|---|---|---|---|"]
    lines += [
        f"| {each.step.number} | {_cell(str(each.step))} | {_passed(report, each)} | {_cell(each.reason)} |"
        for each in _shown(report)
    ]
    if figures := list(report.figures()):
        lines += ["", "| step | measured | median | p95 | worst | times |", "|---|---|---|---|---|---|"]
        lines += [
            f"| {step.number} | {_NAMES[figure]} | {found.median:.3f} s | {found.p95:.3f} s | {found.worst:.3f} s"
            f" | {found.count} |"
            for step, figure, found in figures
        ]
    lines += [f"\nLeft behind: {_cell(each)}" for each in report.left_behind]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return safe(text).replace("|", "\\|")


def _junit(report: Report) -> str:
    results = report.results
    suite = ElementTree.Element(
        "testsuite",
        name=report.drill,
        tests=str(len(results)),
        failures=str(len(report.failures)),
        skipped=str(sum(each.verdict == "SKIP" for each in results)),
        time=f"{sum(each.seconds for each in results):.3f}",
    )
    for each in results:
        name = safe(f"round {each.round}, step {each.step.number}: {each.step}")
        case = ElementTree.SubElement(suite, "testcase", classname=report.drill, name=name, time=f"{each.seconds:.3f}")
        if each.verdict != "PASS":
            kind = "failure" if each.verdict == "FAIL" else "skipped"
            ElementTree.SubElement(case, kind, message=safe(each.reason))
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, "unicode")


FORMS: dict[str, Callable[[Report], str]] = {"table": _table, "json": _json, "markdown": _markdown, "junit": _junit}
FORM_OF = {".json": "json", ".md": "markdown", ".xml": "junit"}
"""The form that a file's ending asks for."""
