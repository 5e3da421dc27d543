"""Histories: a call, one like it but for one argument, and the first again; calls made at once; calls around a fork.

Who keeps something from one call for the next has to know it by every argument that it depends on. So each changes once while all
others stay, with their shapes; where a shape must change, the number of elements stays as long as that can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .draw import Draw
from .operation import Operation
from .operator import rule_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .operator import Oracle
    from .sizing import Size

    Arguments = dict[str, Any]
    Case = Mapping[str, Any]
    Suits = Callable[[Case, list[Any]], bool]

IMAGES, CHANNELS, SIZE = 2, 2, (4, 6)
"""Of the small call."""

_OTHER_SIZE = (6, 4)  # as many pixels
_APART = 1000  # attempts, by which other arguments of a large call are drawn

CHANGES = {
    "images": "the number of images",
    "indices": "the number of images, and which is read",
    "size": "the size of images",
    "channels": "the number of channels",
    "boxes": "boxes",
    "rois": "the number of boxes",
    "bins": "output_size",
    "scale": "spatial_scale",
    "ratio": "sampling_ratio",
    "pool": "pool_size",
    "offset": "the offsets",
    "gamma": "gamma",
    "groups": "group_size",
    "orientations": "num_orientations",
    "weights": "the weights",
    "normalise": "normalise",
    "mode": "mode",
    "values": "the map's values",
    "grad": "the arriving gradient",
    "all": "everything",
    "shapes": "every shape",
}
"""What changes in a history, by the last part of its id."""

_SHAPES = {
    "images": (IMAGES + 1, CHANNELS, *SIZE),
    "indices": (IMAGES + 1, CHANNELS, *SIZE),
    "size": (IMAGES, CHANNELS, *_OTHER_SIZE),
    "channels": (IMAGES, CHANNELS + 1, *SIZE),
    "values": (IMAGES, CHANNELS, *SIZE),
}
"""Of the maps of the second call, where these are others."""

_KINDS = {
    "history": "A call, then with {} changed, then as before",
    "threads": "{threads} threads that make two calls at the same time, {} different",
    "fork": "A call, another in a forked process, with {} changed, and the first again",
}
_WHAT = {
    Operation.FORWARD: "",
    Operation.FEATURE_GRADIENT: "gradient for the map: ",
    Operation.BOX_GRADIENT: "gradient for the box: ",
    Operation.WEIGHT_GRADIENT: "gradient for the weights: ",
    Operation.OFFSET_GRADIENT: "gradient for the offsets: ",
}


class History(NamedTuple):
    """What is fixed about a case: what changes, and how its calls follow each other."""

    id: str
    changed: str
    operation: Operation
    mode: str
    kind: str = "history"
    threads: int = 0

    @property
    def sends_back(self) -> bool:
        """Whether it is about a gradient."""
        return self.operation != Operation.FORWARD


@dataclass(frozen=True)
class Histories:
    """The histories of an operator.

    Attributes:
        asked: How ids begin, by the operation and the mode that is asked for.
        at_once: The mode of calls of several threads.
        given: The parameters of the small call, as a case file has them.
        others: What each parameter changes to, by the name of the change; ``mode`` changes to what it has there.
        values: Draws a map of a shape.
        integers: Draws an array of a shape, of some of these numbers.
        boxes: Draws the boxes of the small call.
        large: The call of several threads, which takes a while, so that they make it at the same time; shapes are others, or not.
        draw_large: Draws such a call.
        rules_of: The rules that a call exercises.
        suits_small: Whether a small call suits.
        suits_large: Whether a large call suits.
        oracle: What is exact.
        channels_of: How many channels the output of a call has.
        choices: The sequence of choices that belongs to an id and an attempt, which all that draws is handed first.
    """

    asked: Sequence[tuple[str, Operation, str]]
    at_once: str
    given: Arguments
    others: Mapping[str, Arguments]
    values: Callable[[Any, History, tuple[int, ...]], Arguments]
    integers: Callable[[Any, tuple[int, ...], Any], Arguments]
    boxes: Callable[[Any, History], list[list[int | float]]]
    large: Callable[[History, bool], Size]
    draw_large: Callable[[Size, int], dict[str, Any]]
    rules_of: Callable[[Case, Operation], Sequence[str]]
    suits_small: Suits
    suits_large: Suits
    oracle: Oracle
    choices: Callable[..., Draw] = Draw
    channels_of: Callable[[Arguments], int] = lambda arguments: int(arguments["input"]["shape"][1])

    def blueprints(self) -> dict[str, list[History]]:
        """The histories, by the name of their file."""
        return {"histories": [*self._in_turn(), *self._at_once(), *self._around_forks()]}

    def _in_turn(self) -> Iterator[History]:
        known = {*_SHAPES, "boxes", "rois", "grad", *self.others}
        for prefix, operation, mode in self.asked:
            for change in (change for change in CHANGES if change in known):
                history = History(f"{prefix}-{change}", change, operation, mode)
                if not self._means_nothing(history):
                    yield history

    def _means_nothing(self, history: History) -> bool:
        """Whether a change changes nothing."""
        match history.changed:
            case "mode":
                return bool(self.others["mode"]["mode"] == history.mode)
            case "values":
                return history.operation == Operation.FEATURE_GRADIENT and history.mode == "avg"
            case "grad":
                return not history.sends_back
            case _:
                return False

    def _at_once(self) -> Iterator[History]:
        for prefix, operation, mode in self.asked:
            for change, threads in (("all", 2), ("shapes", 4)):
                if mode == self.at_once:
                    yield History(f"{prefix}-threads-{threads}", change, operation, mode, "threads", threads)

    def _around_forks(self) -> Iterator[History]:
        for prefix, operation, mode in self.asked:
            yield History(f"{prefix}-fork", "boxes", operation, mode, "fork")

    def draw(self, history: History, attempt: int) -> dict[str, Any]:
        """The case that a history gives at an attempt, without what is computed."""
        if history.kind == "threads":
            return self._drawn_large(history, attempt)
        chance = self.choices("roikit", history.id, attempt)
        arguments = self._arguments(chance, history)
        step = {"changed": CHANGES[history.changed], "arguments": self._changes(chance, history, arguments)}
        return self._described(history, {"arguments": arguments, "steps": [step]})

    def _drawn_large(self, history: History, attempt: int) -> dict[str, Any]:
        case = self.draw_large(self.large(history, False), attempt)
        step = self.draw_large(self.large(history, history.changed == "shapes"), attempt + _APART)
        about = {"changed": CHANGES[history.changed], "arguments": step["arguments"]}
        return self._described(history, {**case, "threads": history.threads, "steps": [about]})

    def _arguments(self, chance: Draw, history: History) -> Arguments:
        arguments: Arguments = {
            "input": self.values(chance, history, (IMAGES, CHANNELS, *SIZE)),
            "boxes": self.boxes(chance, history),
            **self.given,
            "mode": history.mode,
        }
        if history.sends_back:
            arguments["grad"] = self._grad(chance, arguments)
        return arguments

    def _changes(self, chance: Draw, history: History, arguments: Arguments) -> Arguments:
        """What is another in the second call: an argument, and those whose shapes follow from it."""
        if history.changed in _SHAPES:
            changes: Arguments = {"input": self.values(chance, history, _SHAPES[history.changed])}
            if history.changed == "indices":
                first, *others = arguments["boxes"]
                changes["boxes"] = [[IMAGES, *first[1:]], *others]
        elif history.changed == "boxes":
            changes = {"boxes": self.boxes(chance, history)}
        elif history.changed == "rois":
            changes = {"boxes": [*arguments["boxes"], self.boxes(chance, history)[0]]}
        elif history.changed == "grad":
            changes = {"grad": self._grad(chance, arguments)}
        else:
            changes = dict(self.others[history.changed])
        if history.sends_back and history.changed in ("channels", "rois", "bins"):
            changes["grad"] = self._grad(chance, {**arguments, **changes})
        return changes

    def _grad(self, chance: Draw, arguments: Arguments) -> Arguments:
        shape = len(arguments["boxes"]), self.channels_of(arguments), *arguments["output_size"]
        return self.integers(chance, shape, range(-4, 5))

    def _described(self, history: History, drawn: dict[str, Any]) -> dict[str, Any]:
        how = _KINDS[history.kind].format(CHANGES[history.changed], threads=history.threads)
        title = f"{_WHAT[history.operation]}{how}{'; maxima' if history.mode == 'max' else ''}."
        return {
            "id": history.id,
            "title": title[0].upper() + title[1:],
            "rules": sorted(self.rules_of(drawn["arguments"], history.operation), key=rule_number),
            "claims": "exact",
            "kind": history.kind,
            **({"operation": history.operation.value} if history.sends_back else {}),
            **{key: drawn[key] for key in ("size", "enlarged", "threads") if key in drawn},
            "arguments": drawn["arguments"],
            "steps": drawn["steps"],
        }

    def suits(self, case: Case, dialects: list[Any]) -> bool:
        """Whether all calls of a case suit under these dialects, and do not have the same answer."""
        (step,) = case["steps"]
        changed = {**case, "arguments": {**case["arguments"], **step["arguments"]}}
        others = [dialect.for_mode(changed["arguments"]["mode"]) for dialect in dialects]
        suits = self.suits_large if case["kind"] == "threads" else self.suits_small
        if not (suits(case, dialects) and suits(changed, others)):
            return False
        return case["kind"] == "threads" or self._differ(case, changed, zip(dialects, others, strict=True))

    def _differ(self, case: Case, changed: Case, dialects: Iterator[tuple[Any, Any]]) -> bool:
        operation = Operation(case.get("operation", Operation.FORWARD))
        for one, other in dialects:
            before = self.oracle.values(case["arguments"], operation, one)
            after = self.oracle.values(changed["arguments"], operation, other)
            if before.shape == after.shape and np.array_equal(before, after):
                return False
        return True
