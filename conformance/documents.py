"""Files that somebody hands over: read strictly, and refused in one line that names the file, the line and the field.

What a file may hold is said by its schema, ``schema/NAME.schema.json`` of the package that reads it.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import jsonschema_rs

    Place = Sequence[str | int]
    """The keys of objects and numbers in lists that lead to a value of a document."""

MOST_BYTES = 2**30
"""What a file may have once it is unpacked. The longest that roikit writes have a hundredth of that."""

_FILE_NAME = re.compile(r"\w[\w.:+@=, -]{0,199}")
_PACKED = b"\x1f\x8b"
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_TOO_LARGE = re.compile(r"\d{300}")  # for a float64, were it an integer
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def is_file_name(name: str) -> bool:
    """Whether a name that came from elsewhere can be that of a file, and of none in another folder."""
    return _FILE_NAME.fullmatch(name) is not None


def read_text(path: Path) -> str:
    """The text of a file, which may be packed by gzip.

    Raises:
        FileError: it is no text, or very long.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    try:
        if data[:2] == _PACKED:
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise FileError(f"has more than {MOST_BYTES} bytes", path)
        return data.decode("utf-8-sig")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"is packed, but not whole: {error}", path) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(f"is no text: {error.reason}", path, line) from None


def parse_json(text: str, file: object, line: int | None = None) -> Any:
    """What a JSON document holds; ``line`` is where it begins in the file, if that has more of them.

    Raises:
        FileError: it is none, or has what no other reader could take.
    """
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise FileError(f"is no JSON: {error.msg}", file, (line or 1) + error.lineno - 1) from None
    except (ValueError, RecursionError) as error:  # a number of very many digits, lists in lists in lists …
        raise FileError(f"is no JSON that can be read: {error}", file, line) from None
    if too_large := _TOO_LARGE.search(text):
        raise FileError("has a number of more than 300 digits", file, _line_at(text, too_large.start(), line))
    if half := _ESCAPED_HALF.search(text):
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise FileError("has half a character", file, _line_at(text, half.start(), line)) from None
    return document


def parse_lines(lines: Sequence[str], file: object) -> list[Any]:
    """What lines hold, each of which is a JSON document; raises as `parse_json` does.

    All at once they are read in half the time, since names of fields are then made once.
    """
    try:
        documents: list[Any] = parse_json(f"[{','.join(lines)}]", file)
    except FileError:
        documents = []
    return documents if len(documents) == len(lines) else [parse_json(line, file, n) for n, line in enumerate(lines, 1)]


def to_json(document: Any, indent: int | None = None) -> str:
    """A document as JSON that `parse_json` takes: of half a character, which libraries have said, it makes a ``?``."""
    text = json.dumps(document, allow_nan=False, indent=indent)
    if _ESCAPED_HALF.search(text):
        whole = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
        text = json.dumps(whole, indent=indent)
    return text


def _line_at(text: str, position: int, first: int | None) -> int:
    return (first or 1) + text.count("\n", 0, position)


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema, or the part of one that is about one kind of record."""

    name: str
    part: str = ""
    package: str = "roikit.conformance"

    def check(
        self, document: Any, file: object, *, line: int | None = None, text: str = "", within: Place = ()
    ) -> None:
        """Compares what a file holds, or what it holds ``within`` a place, with the schema.

        ``line`` is where it stands; unless it is given, it is found in the ``text`` of the file.

        Raises:
            FileError: it is not what the schema says.
        """
        found = fault(self, document)
        if found is None:
            return
        path, what = (*within, *found[0]), found[1]
        raise FileError(what, file, line or (_line_of(text, path) if text else None), _field(path))


def fault(schema: Schema, document: Any) -> tuple[Place, str] | None:
    """Where a document is not what a schema says, and what is wrong there; None if nothing is."""
    validator = _validator(schema)
    try:
        if validator.is_valid(document):
            return None
        error = next(iter(validator.iter_errors(document)))
    except ValueError as too_deep:  # lists in lists in lists …
        return [], str(too_deep)
    return error.instance_path, error.message


@cache
def _validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs

    text = files(schema.package).joinpath("schema", f"{schema.name}.schema.json").read_text(encoding="utf-8")
    whole = json.loads(text)
    wanted = {"$ref": f"#/$defs/{schema.part}", "$defs": whole["$defs"]} if schema.part else whole
    return jsonschema_rs.Draft202012Validator(wanted, validate_formats=True)


def _field(path: Place) -> str:
    """A place in a document as JavaScript would have it: ``rows[3].entries``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _line_of(text: str, path: Place) -> int:
    """The line of a JSON document on which the value at ``path`` begins."""
    at = _skip(text, 0)
    for step in path:
        at = next(start for key, start in _members(text, at) if key == step)
    return _line_at(text, at, 1)


def _members(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """The keys of an object, or the numbers of the elements of a list, that begins there, and where the values begin."""
    is_object, number = text[at] == "{", 0
    at = _skip(text, at + 1)
    while text[at] not in "]}":
        key: str | int = number
        if is_object:
            key, at = json.decoder.scanstring(text, at + 1)  # type: ignore[attr-defined]
            at = _skip(text, _skip(text, at) + 1)
        yield key, at
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + (text[at] == ","))
        number += 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()
