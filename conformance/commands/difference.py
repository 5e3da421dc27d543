"""The command ``roikit difference``."""

from __future__ import annotations

import math
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..comparing import wording
from ..exits import interruptible, refusing, say, writable
from .options import OperatorOption  # noqa: TC001 - typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..comparing.difference import Commonness, Difference, Example
    from ..comparing.named import Side
    from ..operator import Operator

_MOST_REASONS = 5  # of known deviations that are printed
_LABEL = 46  # columns that say how boxes are pooled


def difference(
    first: Annotated[str, typer.Argument(metavar="A", help="What you have: a dialect, or IMPLEMENTATION[:DIALECT].")],
    second: Annotated[str, typer.Argument(metavar="B", help="What you think of instead.")],
    *,
    op: OperatorOption = "roi_align",
    mode: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Only this mode, such as avg or max; all that the operator has unless given."
        ),
    ] = None,
    boxes: Annotated[
        int,
        typer.Option(
            min=1, max=10**5, metavar="N", help="How many boxes of a detector are pooled by each of its heads."
        ),
    ] = 100,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="The same seed makes the same boxes and maps.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.json", help="Write it there, for `roikit report site`."),
    ] = None,
) -> None:
    """Say what changes when A takes the place of B: where they differ, how often, by how much, and what makes them agree.

    Both are computed exactly by their rules, and nothing is run: of an implementation its dialect is compared, and its known
    deviations are named. Exit status 2: the command was wrong.
    """
    from .. import operators
    from ..cases.selection import check_names
    from ..comparing import difference as comparing
    from ..comparing.named import side
    from ..documents import to_json
    from ..errors import UsageError
    from ..records import provenance
    from ..terminal import Console

    writable(output)
    with refusing(UsageError, OSError), interruptible():
        check_names("operator", [op], operators.NAMES)
        operator = operators.get(op)
        modes = check_names(f"mode of {op}", mode or (), operator.modes) or operator.modes
        a, b = side(first, operator), side(second, operator)
        found = []
        for each in modes:
            with Console(stderr=True).status(f"{a.named} and {b.named}, {each}: {boxes} boxes for each head"):
                found.append(comparing.difference(operator, a.dialect, b.dialect, each, boxes, seed))
            say("\n".join(_said(operator, a, b, found[-1])))
        for line in (line for each in (a, b) for line in _beyond(each)):
            say(line)
        if output:
            asked = {"first": first, "second": second, "operator": op, "modes": modes, "boxes": boxes, "seed": seed}
            document = {"format": 1, **provenance(asked), "difference": comparing.as_json(operator, a, b, found)}
            output.write_text(to_json(document, indent=1) + "\n", encoding="utf-8")


def _said(operator: Operator, a: Side, b: Side, found: Difference) -> Iterator[str]:
    yield f"{operator.title}, {found.mode}: {a.named} → {b.named}"
    yield ""
    if not found.choices:
        yield "  They are the same function."
        yield ""
        return
    yield "  other choices"
    rules = operator.probes.points if operator.probes else {}
    width = max(len(choice.name) for choice in found.choices)
    for choice in found.choices:
        rule = f"   ({rules[choice.name]})" if choice.name in rules else ""
        yield f"    {choice.name:{width}}  {choice.first} → {choice.second}{rule}"
    yield ""
    yield "  on boxes of a detector, with maps of independent normal pixels; distances in their standard deviations"
    yield f"    {'':{_LABEL}}{'boxes':>8}{'values':>8}{'median':>10}{'greatest':>10}"
    yield from (_commonness(each) for each in found.common)
    yield ""
    yield from _smallest(found.smallest) if found.smallest else _no_small(found.common)
    yield from _agreement(operator, a, b, found)
    yield ""


def _commonness(seen: Commonness) -> str:
    shares = "".join(f"{wording.share(part):>8}" for part in (seen.of_boxes, seen.of_values))
    numbers = "".join(f"{_number(number):>10}" for number in (seen.median, seen.greatest))
    return f"    {wording.pooling(*seen.head):{_LABEL}}{shares}{numbers}"


def _number(distance: float) -> str:
    return "NaN" if math.isinf(distance) else f"{distance:.2g}"


def _no_small(common: tuple[Commonness, ...]) -> Iterator[str]:
    yield "  no small call shows it"
    for each in common:
        if each.example:
            corners = ", ".join(f"{corner:.6g}" for corner in each.example[0])
            yield f"    {each.head.name}: the box {corners} does, at a scale of {each.example[1]:g}"
    yield ""


def _smallest(example: Example) -> Iterator[str]:
    call = example.call
    samples = {None: "", 0: ", adaptive"}.get(call.ratio, f", {call.ratio} × {call.ratio} samples a bin")
    how = f"{call.bins} × {call.bins} bins{samples}"
    yield f"  the simplest call that shows it: box {', '.join(f'{corner:g}' for corner in call.box)}, scale 1, {how}"
    wide = max(len(str(pixel)) for row in call.pixels for pixel in row)
    for row in call.pixels:
        yield "    " + " ".join(f"{pixel:>{wide}}" for pixel in row)
    yield f"    {_shown(example.first)} → {_shown(example.second)}"
    yield ""


def _shown(values: Any) -> str:
    return "; ".join(" ".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row) for row in values)


def _agreement(operator: Operator, a: Side, b: Side, found: Difference) -> Iterator[str]:
    from ..comparing.difference import equal_dialects

    said = [
        f"    {other}, another setting of {one.implementation or one.asked}, is the same function as {two.dialect}"
        for one, two in ((a, b), (b, a))
        for other in equal_dialects(operator, two.dialect, one.others, found.mode)
    ]
    said += [f"    where {' and '.join(facts)} ({count} small calls)" for facts, count in found.agreeing]
    yield (
        "  they agree" if said else "  no other setting of theirs, and no restriction that was tried, makes them agree"
    )
    yield from said


def _beyond(one: Side) -> Iterator[str]:
    """What an implementation has, and is known to do, beside the dialect that was compared."""
    implementation = one.implementation
    if implementation and one.others:
        yield f"{implementation} has other settings: {', '.join(f'{implementation}:{other}' for other in one.others)}"
    if one.deviations:
        yield f"known of {implementation} beside its dialect {one.dialect}:"
        yield from (f"  - {reason}" for reason in one.deviations[:_MOST_REASONS])
    if (more := len(one.deviations) - _MOST_REASONS) > 0:
        yield f"  … and for {more} more reasons, which conformance/deviations/{implementation}.toml has"
