"""Real files, damaged in every way that a disk, an editor, an older program or an enemy damages them; by chance, but seeded."""

import copy
import gzip
import json
import random

DEEP = "[" * 600 + "]" * 600
ODD = (
    "null", "true", "-1", "0", "1e999", "-1e308", "NaN", "-Infinity", "1" + "0" * 30, "1" + "0" * 400, "9" * 5000, '""', '"x"',
    '"\\ud800"', '"\\u001b[2J\\u0000"', '"../../x"', '"/root/x"', '"javascript:alert(1)"', '"[/]"', '"RA-0"', "[]", "{}", "[[]]",
    '{"a": 1}', '[null, "x"]', DEEP,
)  # fmt: skip
"""Values that stand where others are due, as JSON."""

_MARK = "@odd@"


def _places(value, path=()):
    """The paths to all values within one."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*path, key)
        yield from _places(each, (*path, key))


def _at(document, path):
    for step in path:
        document = document[step]
    return document


def _changed(document, chance):
    """A document of which one value is gone, another, in another's place, or there twice; as JSON."""
    document = copy.deepcopy(document)
    places = list(_places(document))
    path = chance.choice(places)
    holder, key, odd = _at(document, path[:-1]), path[-1], ""
    match chance.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = copy.deepcopy(_at(document, chance.choice(places)))
        case 2 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case 2:
            holder[f"{key}x"] = holder.pop(key)
        case _:
            holder[key], odd = _MARK, chance.choice(ODD)
    return json.dumps(document).replace(f'"{_MARK}"', odd)


def _damaged(data, chance):
    """Bytes that are cut off, packed, other bytes in one place, or none."""
    at = chance.randrange(len(data) + 1)
    match chance.randrange(7):
        case 0 | 1:
            return data[:at]
        case 2:
            return data[:at] + chance.randbytes(3) + data[at:]
        case 3:
            return gzip.compress(data, 1)[: chance.randrange(30, 200)]
        case 4:
            return data[:at] + data[at + chance.randrange(1, 40) :]
        case 5:
            return chance.randbytes(chance.randrange(100))
        case _:
            return gzip.compress(data[:at], 1)


def of_json(document, count, seed=0):
    """So many damaged files of a document."""
    chance = random.Random(seed)
    whole = json.dumps(document, indent=1).encode()
    for _ in range(count):
        yield _damaged(whole, chance) if chance.random() < 0.2 else _changed(document, chance).encode()


def of_lines(documents, count, seed=0):
    """So many damaged files of documents, one on a line."""
    chance = random.Random(seed)
    whole = "".join(json.dumps(each) + "\n" for each in documents)
    for _ in range(count):
        lines = whole.splitlines(keepends=True)
        n = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                yield _damaged(whole.encode(), chance)
            case 1:
                del lines[n]
                yield "".join(lines).encode()
            case 2:
                lines.insert(chance.randrange(len(lines)), lines[n])
                yield "".join(lines).encode()
            case _:
                lines[n] = _changed(documents[n], chance) + "\n"
                yield "".join(lines).encode()


def of_text(text, count, seed=0):
    """So many damaged files of a text: a token in it is gone, another, or odd; or bytes are."""
    chance = random.Random(seed)
    tokens = text.split(" ")
    for _ in range(count):
        if chance.random() < 0.3:
            yield _damaged(text.encode(), chance)
            continue
        some = list(tokens)
        n = chance.randrange(len(some))
        some[n : n + 1] = chance.choice(
            ([], [chance.choice(tokens)], [chance.choice(ODD)], ["2026-11-24"], ["3"], ["true"])
        )
        yield " ".join(some).encode("utf-8", "surrogatepass")
