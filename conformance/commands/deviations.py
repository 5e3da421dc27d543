"""``roikit deviations``: keeps the lists of known deviations in line with what is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..exits import refusing, say
from ..usage import Command, Group

app = typer.Typer(cls=Group, help="The lists of known deviations.", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """The lists of known deviations, one for each implementation that has any."""


@app.command(cls=Command)
def update(
    results: Annotated[Path, typer.Argument(metavar="RUN.ndjson", help="What `roikit conform --output` has written.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Implementations of the run; all unless named.")
    ] = None,
    *,
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the lists are; unless given, those of roikit itself.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Print the lists instead of writing them.")
    ] = False,
) -> None:
    """Rewrite the lists from a run: add what fails and is not listed, drop what is listed and passes.

    An entry that is added has TODO for a reason, and the list is refused until you have written a better one.
    """
    from importlib.resources import files

    from ..cases.golden import golden_cases
    from ..cases.selection import check_names
    from ..documents import is_file_name, read_text
    from ..errors import FileError, UsageError
    from ..results import file as result_files
    from ..results.deviations_update import outcomes
    from ..results.deviations_update import update as updated

    with refusing(UsageError, OSError):
        records = [record for record in result_files.read(results) if record["type"] == "result"]
        ran = list(dict.fromkeys(record["implementation"] for record in records))
        chosen = check_names("implementation of this run", names or ran, ran)
        for name in chosen:
            if not is_file_name(name):
                raise FileError(f"{name!r} cannot be the name of a list", results, field="implementation")
            file = (folder or Path(str(files("roikit.conformance"))) / "deviations") / f"{name}.toml"
            before = read_text(file) if file.exists() else ""
            mine = outcomes(record for record in records if record["implementation"] == name)
            after = updated(before, mine, golden_cases(), where=file)
            if dry_run:
                say(f"# {file.name}\n\n{after}")
            elif after != before:
                file.write_text(after, encoding="utf-8")
                say(f"{file}: {after.count('TODO: ')} reasons to write")
            else:
                say(f"{file.name}: nothing to change")
