"""Does all that a GPU is needed for, in about ten minutes, and writes it into a folder: ``python -m benchmarks.evidence``.

The golden cases on the GPU, the exercises of all operators under compute-sanitizer, the counters of Nsight Compute beside those
that were predicted, and the times of ours and of all peers that are installed. What cannot be done is said, with the reason:
without a GPU all of that, so that the command itself can be tried anywhere.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - read by typer
from typing import Annotated

import typer

from ..measuring import machine
from ..record.document import Skipped
from . import steps

app = typer.Typer(add_completion=False)


def default_folder() -> Path:
    """A folder for the day, beside the records."""
    return machine.ROOT / "reports" / "recorded" / "evidence" / f"{datetime.now(UTC):%Y-%m-%d}"


def take(settings: steps.Settings) -> list[dict[str, object]]:
    """Takes all steps, whatever becomes of the others; what became of each."""
    taken: list[dict[str, object]] = []
    for name, step in steps.STEPS.items():
        started = time.monotonic()
        try:
            state, words = "done", step(settings)
        except Skipped as reason:
            state, words = "skipped", str(reason)
        except Exception as error:  # noqa: BLE001 - the steps after it may still tell something
            state, words = "failed", f"{type(error).__name__}: {error}"
        taken.append({"step": name, "state": state, "words": words, "seconds": round(time.monotonic() - started, 1)})
        typer.echo(f"{name}: {state}, {words}")
        settings.write("steps.json", taken)
    return taken


@app.command(help=__doc__)
def evidence(
    output: Annotated[Path | None, typer.Option(help="The folder; by default reports/recorded/evidence/DATE.")] = None,
    op: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this operator: {', '.join(steps.ALL_OPERATORS)}. May be repeated."),
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=0.1, help="For the record; golden cases and tools take five more.")
    ] = 5.0,
    conform_seconds: Annotated[float, typer.Option(min=1, help="For the golden cases.")] = 120.0,
) -> None:
    """Gather evidence; exit status 1 if a step failed, 3 if nothing could be done for want of a GPU."""
    if unknown := sorted(set(op or ()) - set(steps.ALL_OPERATORS)):
        raise typer.BadParameter(f"no operator {', '.join(unknown)}; there are {', '.join(steps.ALL_OPERATORS)}")
    folder = output or default_folder()
    folder.mkdir(parents=True, exist_ok=True)
    taken = take(steps.Settings(folder, op or steps.ALL_OPERATORS, minutes, conform_seconds))
    typer.echo(f"all of it is in {folder}")
    if any(each["state"] == "failed" for each in taken):
        raise typer.Exit(1)
    if all(each["state"] == "skipped" for each in taken[1:]):
        raise typer.Exit(3)
