"""The rules of an operator, as its chapter of the specification has them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from ...conformance import operators
from ..model import golden, operator_title, slug

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHARED = "specification"
_HEADING = re.compile(r"^## ", re.MULTILINE)
_NAME = re.compile(r"[A-Z]+-\d+")
_CASES = re.compile(r"<p>Cases: .*?</p>", re.DOTALL)
_TABLE = '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>'
_LINK = re.compile(r'<a href="(?!https?://)([^"]*)">(.*?)</a>', re.DOTALL)
_CHAPTER = re.compile(r"(?:\.\./|operators/)([a-z0-9_]+)/RULES\.md(#.*)?")


def address(operator: str) -> str:
    """The file of the page of an operator's rules."""
    return f"rules/{slug(operator)}.html"


SHARED = f"rules/{_SHARED}.html"
"""The file of the page of what holds for every operator."""


def link(operator: str, rule: str) -> str:
    """Where a rule stands; nothing of an operator that is not known here."""
    return f"{address(operator)}#{rule}" if operator in operators.NAMES else ""


def context(operator: str) -> dict[str, Any]:
    """What rules.html is given of an operator."""
    text = operators.folder(operator).joinpath("RULES.md").read_text(encoding="utf-8")
    return {"title": f"The rules of {operator_title(operator)}", "operator": operator, **_chapter(text)}


def shared_context() -> dict[str, Any]:
    """What rules.html is given of what holds for every operator."""
    text = files("roikit.conformance").joinpath("SPECIFICATION.md").read_text(encoding="utf-8")
    return {"title": "What holds for every operator", "operator": "", **_chapter(text)}


def _chapter(text: str) -> dict[str, Any]:
    first, *rest = _HEADING.split(text)
    introduction = first.partition("\n")[2]
    return {"introduction": _as_html(introduction), "sections": [_section(each) for each in rest]}


def _section(text: str) -> Mapping[str, str]:
    heading, _, body = text.partition("\n")
    name = _NAME.match(heading)
    anchor = name[0] if name else slug(heading)
    html = _CASES.sub(lambda _: _cases(anchor), _as_html(body))
    return {"anchor": anchor, "heading": _markdown().renderInline(heading), "body": html}


def _cases(rule: str) -> str:
    """The cases that exercise a rule, each of which leads to its page."""
    links = [f'<a href="../cases/{case}.html">{case}</a>' for case in _by_rule().get(rule, ())]
    return f"<details><summary>Cases: {len(links)}</summary><p>{', '.join(links)}</p></details>"


@cache
def _by_rule() -> Mapping[str, list[str]]:
    """The ids of the golden cases of each rule."""
    found: dict[str, list[str]] = {}
    for name, case in golden().items():
        for rule in case.rules:
            found.setdefault(rule, []).append(name)
    return found


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("js-default")


def _as_html(text: str) -> str:
    """Text as HTML: names of other chapters lead to theirs."""
    html = _LINK.sub(_in_site, _markdown().render(text))
    return html.replace("<table>", _TABLE).replace("</table>", "</table></div>")


def _in_site(found: re.Match[str]) -> str:
    """A link to another chapter; of a file that has no page, its name alone."""
    target, said = found[1], found[2]
    chapter = _CHAPTER.fullmatch(target)
    if chapter and chapter[1] in operators.NAMES:
        return f'<a href="{slug(chapter[1])}.html{chapter[2] or ""}">{said}</a>'
    if target.endswith("SPECIFICATION.md"):
        return f'<a href="{_SHARED}.html">{said}</a>'
    return said
