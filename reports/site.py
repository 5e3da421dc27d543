"""Builds a static site of result files: it opens from disk and from any host, and asks for nothing from elsewhere."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from ..conformance import operators
from ..conformance.results.titles import titles
from .calls import in_words
from .drawing import save, title_of
from .files import AsvResult, Detections, Difference, Footprints, Profiles, Record, Run, Walkthrough
from .findings import findings_of, some
from .model import golden, operator_title, slug
from .pages import (
    case,
    dialects,
    differences,
    example,
    goldens,
    home,
    implementation,
    matrix,
    operator,
    performance,
    roofline,
    rules,
)
from .side_by_side import made
from .tables import commit_of, machine_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ..conformance.cases.case import Case
    from .files import File
    from .model import Site

MARKER = ".roikit-site"
"""A file that says that a directory holds a site, which may be replaced."""


class OccupiedError(Exception):
    """The directory of the site holds something else."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that all others lead to."""

    name: str
    file: str
    about: str


PAGES = (
    Page("Operators", "operators.html", "what each does, who does it as its dialect says, its rules and cases"),
    Page(
        "Findings", "findings.html", "what is wrong with whom, with a script, as a text for the library's issue tracker"
    ),
    Page(
        "Matrix",
        "matrix.html",
        "every implementation and every rule of an operator; filter it, open a cell for its cases",
    ),
    Page("Dialects", "dialects.html", "what each chooses where implementations differ on purpose, and what shows it"),
    Page("Swaps", "differences.html", "what changes when one takes the place of another, and what makes them agree"),
    Page("Example", "example.html", "one RoI step by step, from its corners to the pooled output"),
    Page("Goldens", "goldens.html", "the cases of each operator, and the certificate that they notice faults"),
    Page("Performance", "performance.html", "how fast each is, on which machine, and how that has changed"),
    Page("Roofline", "roofline.html", "what our kernels ask of a GPU, and how fast they are predicted to be"),
)

_WHAT = {
    Run: "golden cases", Detections: "detected dialects", Footprints: "footprints", Record: "benchmarks",
    Walkthrough: "a RoI step by step", Difference: "two dialects", Profiles: "profiles", AsvResult: "asv",
}  # fmt: skip


_CASES_AT_ONCE = 200


def build(
    site: Site, out: Path, *, asv_site: Path | None = None, on_pages: Callable[[int], None] = lambda _: None
) -> None:
    """Writes a site to ``out``, in place of one that is there, on all cores.

    ``asv_site`` is a directory that `asv publish` has written, to be copied beside it; ``on_pages`` is told how many pages were
    made since, and not before processes have been forked, so that it may start threads.

    Raises:
        OccupiedError: ``out`` holds something else.
        OSError: it cannot be written to.
    """
    _make_room(out)
    for count in made(_Builder(site, out, asv_site).parts()):
        on_pages(count)


def page_count(site: Site) -> int:
    """How many pages a site will have."""
    evidence = len({column.implementation for column in dialects.columns(site)})
    of_operators = 3 * len(operators.NAMES) + 1  # its page, its rules, its cases; and the rules that all share
    return 1 + len(PAGES) + of_operators + len(golden()) + len(site.implementations) + evidence


def _make_room(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / MARKER).is_file():
            raise OccupiedError(f"{out} exists and is no site of roikit: choose another --out, or remove it")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()


@cache
def _environment() -> Environment:
    """The templates, each of which is compiled once."""
    return Environment(
        loader=PackageLoader("roikit.reports"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


class _Builder:
    """Writes the pages of a site."""

    def __init__(self, site: Site, out: Path, asv_site: Path | None) -> None:
        self._site, self._out, self._asv_site = site, out, asv_site
        self._count = 0
        self._now = datetime.now(UTC)
        self._findings = findings_of(site)
        self._everywhere = {
            "pages": PAGES,
            "site": site,
            "made": self._now.strftime("%Y-%m-%d %H:%M UTC"),
            "version": version("roikit"),
            "sources": _sources(site),
            "ago": partial(_ago, self._now),
            "figure": self._figure,
            "slug": slug,
            "operator_title": operator_title,
        }

    def parts(self) -> list[Callable[[], int]]:
        """What the site is made of: each writes some of its pages and returns their number; those that take long come first."""
        answers, known = case.Answers(self._site), list(golden().values())
        chunks = [known[begin : begin + _CASES_AT_ONCE] for begin in range(0, len(known), _CASES_AT_ONCE)]
        whole = (self._performance, self._findings_pages, self._overview, self._implementations, self._about_operators)
        return [
            *(partial(self._counted, each) for each in whole),
            *(partial(self._counted, partial(self._cases, chunk, answers)) for chunk in chunks),
        ]

    def _counted(self, write: Callable[[], None]) -> int:
        """Writes pages and returns how many."""
        before = self._count
        write()
        return self._count - before

    def _overview(self) -> None:
        """Writes what leads to all else, and what is on one page."""
        for name in ("site.css", "site.js"):
            text = files("roikit.reports").joinpath("templates", name).read_text(encoding="utf-8")
            (self._out / name).write_text(text, encoding="utf-8")
        if self._asv_site:
            shutil.copytree(self._asv_site, self._out / "asv")
        made_of = [
            (file, _WHAT[type(file)], _machine(file), _made_by(file)) for file in reversed(self._site.inputs.files)
        ]
        summaries = [operator.summary(self._site, name) for name in operators.NAMES]
        self._write("index.html", "home.html", {**home.context(self._site), "files": made_of, "summaries": summaries})
        self._write("operators.html", "operators.html", {"summaries": summaries})
        self._write("matrix.html", "matrix.html", matrix.context(self._site))
        self._write("dialects.html", "dialects.html", dialects.context(self._site))
        self._evidence()
        self._write("differences.html", "differences.html", differences.context(self._site))
        self._write("example.html", "example.html", example.context(self._site))
        self._write("roofline.html", "roofline.html", roofline.context(self._site))

    def _performance(self) -> None:
        content = {**performance.context(self._site), "asv_site": self._asv_site is not None}
        self._write("performance.html", "performance.html", content)

    def _implementations(self) -> None:
        for each in self._site.implementations:
            content = implementation.context(self._site, each, self._findings)
            self._write(f"implementations/{each.slug}.html", "implementation.html", content)

    def _cases(self, known: Sequence[Case], answers: case.Answers) -> None:
        for each in known:
            self._write(case.address(each.id), "case.html", case.context(each, answers))

    def _about_operators(self) -> None:
        self._operators()
        self._goldens()

    def _operators(self) -> None:
        """Writes the pages of operators, and their rules."""
        self._write(rules.SHARED, "rules.html", rules.shared_context())
        for name in operators.NAMES:
            self._write(operator.address(name), "operator.html", operator.context(self._site, name, self._findings))
            self._write(rules.address(name), "rules.html", rules.context(name))

    def _findings_pages(self) -> None:
        """Writes what is wrong with whom: a list, a page for each finding, and beside it the text of an issue."""
        groups = [
            (name, list(members)) for name, members in groupby(self._findings, lambda each: each.implementation.name)
        ]
        self._write("findings.html", "findings.html", {"findings": self._findings, "groups": groups})
        for each in self._findings:
            known = [name for name in each.cases if name in golden()]
            call = in_words(each.case) if each.case else ""
            content = {"f": each, "titles": titles(), "known": known, "call": call, "some": some}
            text = _environment().get_template("issue.txt").render(self._everywhere, **content)
            self._write(f"findings/{each.id}.html", "finding.html", {**content, "issue": text})
            (self._out / "findings" / f"{each.id}.txt").write_text(text, encoding="utf-8")

    def _goldens(self) -> None:
        """Writes what the cases are, which no result file has a say in."""
        self._write("goldens.html", "goldens.html", goldens.context())
        for name in operators.NAMES:
            self._write(goldens.address(name), "golden.html", goldens.operator_context(name))

    def _evidence(self) -> None:
        """Writes a page for each implementation whose dialect was read off it."""
        reader = dialects.Reader(self._site)
        by_name: dict[str, list[dialects.Column]] = {}
        for column in dialects.columns(self._site):
            by_name.setdefault(column.implementation, []).append(column)
        for name, columns in by_name.items():
            shown = [(column, dialects.evidence(column, reader)) for column in columns]
            content = {"name": name, "version": columns[0].version, "columns": shown}
            self._write(f"evidence/{columns[0].slug}.html", "evidence.html", content)

    def _figure(self, text: str, root: str) -> Markup:
        """An image of an SVG, which becomes a file: pages share it, and names within it stay apart from theirs."""
        (self._out / "figures").mkdir(exist_ok=True)
        name = save(self._out / "figures", text)
        title = title_of(text)
        image = Markup('<img src="{}figures/{}" alt="{}" loading="lazy">').format(root, name, title)
        return Markup('<div class="wide" tabindex="0" role="group" aria-label="{}">{}</div>').format(title, image)

    def _write(self, file: str, template: str, content: Mapping[str, Any]) -> None:
        self._count += 1
        path = self._out / file
        path.parent.mkdir(exist_ok=True)
        place = {"root": "../" * file.count("/"), "current": file}
        text = _environment().get_template(template).render(self._everywhere, **place, **content)
        path.write_text(text, encoding="utf-8")


def _sources(site: Site) -> str:
    count = len(site.inputs.files)
    return f"{count} result file{'s' if count != 1 else ''}"


def _machine(file: File) -> str:
    return (
        machine_of(file.document)
        if isinstance(file, Record)
        else file.about.get("platform") or file.about.get("machine", "")
    )


def _made_by(file: File) -> str:
    """Which roikit wrote a file, or was measured."""
    if isinstance(file, Record):
        return f"commit {commit_of(file.document)}"
    if isinstance(file, AsvResult):
        return f"commit {file.document['commit_hash'][:10]}"
    return str(file.about["roikit"])


def _ago(now: datetime, then: datetime) -> str:
    """How fresh something is, in words."""
    days = (now - then).days
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"
