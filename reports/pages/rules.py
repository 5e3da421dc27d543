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
_ID = re.compile(r"(?<![\w/-])[a-z][a-z0-9]*(?:-[a-z0-9]+)+(?![\w-])")
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
    return {"anchor": anchor, "heading": _markdown().renderInline(heading), "body": _as_html(body)}


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("js-default")


def _as_html(text: str) -> str:
    """Text as HTML: names of cases lead to their pages, and names of other chapters to theirs."""
    html = _LINK.sub(_in_site, _markdown().render(text))
    html = html.replace("<table>", _TABLE).replace("</table>", "</table></div>")
    return _CASES.sub(lambda found: _ID.sub(_case_link, found[0]), html)


def _case_link(found: re.Match[str]) -> str:
    return f'<a href="../cases/{found[0]}.html">{found[0]}</a>' if found[0] in golden() else found[0]


def _in_site(found: re.Match[str]) -> str:
    """A link to another chapter; of a file that has no page, its name alone."""
    target, said = found[1], found[2]
    chapter = _CHAPTER.fullmatch(target)
    if chapter and chapter[1] in operators.NAMES:
        return f'<a href="{slug(chapter[1])}.html{chapter[2] or ""}">{said}</a>'
    if target.endswith("SPECIFICATION.md"):
        return f'<a href="{_SHARED}.html">{said}</a>'
    return said
