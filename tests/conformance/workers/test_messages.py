"""Whatever arrives instead of a message is told from one, in little memory."""

import io
import json
import random
import tracemalloc

import numpy as np
import pytest

from roikit.conformance.call import Unsupported
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.workers import protocol
from roikit.conformance.workers.answers import judge_answer
from roikit.conformance.workers.greeting import describe, understand

MIB = 2**20
GREETING = {
    "type": "ready",
    "protocol": 3,
    "description": {
        "version": "1",
        "homepage": "",
        "dialects": ["torchvision"],
        "operators": {"roi_pool": {"dialects": ["torchvision"], "modes": ["max"]}},
    },
}


def message(about, **arrays):
    stream = io.BytesIO()
    protocol.send(stream, about, arrays)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def forged(data, size=None, dtype="float32"):
    part = {"name": "output", "dtype": dtype, "bytes": len(data) if size is None else size}
    return json.dumps({"type": "output", "arrays": [part]}).encode() + b"\n" + data


def header(text, version=b"\x01\x00", elements=b""):
    length = len(text).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + length + text.encode() + elements


def described(descr="'<f4'", shape="(2,)", order="False", elements=bytes(8)):
    return header(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}\n", elements=elements)


GOOD = npy(np.arange(6, dtype=np.float32).reshape(2, 3))

NONSENSE = {
    "a length of 10^12 bytes": forged(GOOD, 10**12),
    "a length of all numbers": forged(GOOD, 10**400),
    "a length below zero": forged(GOOD, -1),
    "a length that is no whole number": forged(GOOD, 100.5),
    "a length that is a word": forged(GOOD, "100"),
    "a length of truth": forged(GOOD, True),
    "a stream that ends": forged(GOOD, 2**27),
    "lengths that are too many together": json.dumps(
        {"type": "output", "arrays": [{"name": str(n), "dtype": "float32", "bytes": 2**27} for n in range(5)]}
    ).encode() + b"\n",
    "thousands of arrays": json.dumps(
        {"type": "output", "arrays": [{"name": str(n), "dtype": "float32", "bytes": len(GOOD)} for n in range(5000)]}
    ).encode() + b"\n" + 5000 * GOOD,
    "arrays that are an object": b'{"type": "output", "arrays": {"bytes": 3}}\n',
    "arrays that are a number": b'{"type": "output", "arrays": 3}\n',
    "no arrays": b'{"type": "output"}\n',
    "a name that is a list": b'{"arrays": [{"name": [], "dtype": "float32", "bytes": %d}]}\n' % len(GOOD) + GOOD,
    "a line without an end": b'{"type": "' + 64 * MIB * b"a",
    "a line that the stream cuts off": b'{"type": "raised", "error": "", "arrays": []}',
    "lists without an end": b"[" * (MIB // 2) + b"\n",
    "objects without an end": b'{"a":' * 200_000 + b"\n",
    "NaN": b'{"type": "output", "x": NaN, "arrays": []}\n',
    "a number of a million digits": b'{"type": ' + b"9" * 900_000 + b', "arrays": []}\n',
    "bytes": bytes(range(256)) + b"\n",
    "a list": b"[]\n",
    "a shape that is not true": forged(described(shape="(1000000000000,)")),
    "a shape beyond all numbers": forged(described(shape="(0, 10**30)", elements=b"")),
    "a shape of extents beyond memory": forged(described(shape=f"(0, {10**30})", elements=b"")),
    "an extent below zero": forged(described(shape="(-1, -2)")),
    "an extent of truth": forged(described(shape="(True, 2)")),
    "a shape of a hundred axes": forged(described(shape=str((1,) * 100 + (2,)))),
    "a shape that is a list": forged(described(shape="[2]")),
    "objects": forged(npy(np.zeros(1)).replace(b"'<f8'", b"'|O8'")),
    "records": forged(described("[('a', '<f4')]")),
    "text": forged(described("'<U2'")),
    "times": forged(described("'<M8[s]'")),
    "an array of arrays": forged(described("('<f4', (10**9,))")),
    "no such number": forged(described("'<f3'")),
    "no fields": forged(header("{}\n")),
    "a header of nothing": forged(header("")),
    "a header in parentheses": forged(header("(" * 4000)),
    "a longer header": forged(header("{" + " " * 60_000 + "}")),
    "a header longer than all": forged(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}"),
    "a header that calls something": forged(header("__import__('os').abort()")),
    "a header that is indented": forged(header("  {\n 'a'\n\t:")),
    "a later version": forged(header("{}", b"\x03\x00")),
    "half of a beginning": forged(b"\x93NUMPY\x01"),
    "nothing": forged(b""),
    "bfloat16 of other than 16 bits": forged(GOOD, dtype="bfloat16"),
}  # fmt: skip


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_what_is_no_message_is_told_from_one_in_little_memory(data):
    stream = io.BytesIO(data)
    tracemalloc.start()
    try:
        with pytest.raises(protocol.ProtocolError) as raised:
            protocol.receive(stream)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * MIB
    assert len(str(raised.value)) < 4 * protocol.LONGEST_LINE
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "array",
    [
        np.float32(3) * np.ones((), np.float32), np.zeros((2, 0, 3), np.float16), np.arange(6.0).reshape(2, 3).T,
        np.arange(3, dtype=">f4"), np.ones(2, np.complex64), np.array([True]), np.arange(4)[::-1],
    ],
    ids=lambda array: f"{array.dtype.str}-{array.shape}",
)  # fmt: skip
def test_an_array_arrives_with_its_shape_type_and_values(array):
    _, arrays = protocol.receive(io.BytesIO(message({"type": "output"}, output=array)))
    assert (arrays["output"].shape, arrays["output"].dtype) == (array.shape, array.dtype)
    assert (arrays["output"] == array).all()


def test_an_array_by_columns_and_one_in_version_2_arrive():
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asfortranarray(np.arange(6.0).reshape(2, 3)), version=(2, 0))
    _, arrays = protocol.receive(io.BytesIO(forged(stream.getvalue(), dtype="float64")))
    assert arrays["output"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_description_is_kept_without_what_nobody_knows_and_without_what_a_terminal_obeys():
    described = {
        **GREETING["description"],
        "version": "1\x1b[31m\n2\ud800",
        "dialects": ["mmcv", "mmcv"],
        "deep": [[[1]]],
    }
    subject = understand("x", {**GREETING, "description": described})
    assert subject.description["version"] == "1 [31m 2"
    assert subject.description["dialects"] == ["mmcv"]
    assert "deep" not in subject.description
    assert describe(subject).capability("roi_pool").modes == ("max",)
    many = {**GREETING["description"], "dialects": [str(n) for n in range(10_000)]}
    assert (
        understand("x", {**GREETING, "description": many}).reason
        == "its worker's description has 10000 names for 'dialects'"
    )


REAL = [
    message(GREETING),
    message({"type": "absent", "reason": "no GPU"}),
    message({"type": "broken", "error": "OSError: libfoo"}),
    message(
        {"type": "output", "repeatable": True, "wrote_outside": False}, output=np.full((1, 1, 2, 2), 9, np.float32)
    ),
    message({"type": "output", "changed_input": False}, output=np.zeros((1, 1, 2, 2), np.float16)),
    message({"type": "unsupported", "reason": "strides"}),
    message({"type": "raised", "error": "ValueError: boxes"}),
]
WORDS = [
    b"{",
    b"[",
    b"]",
    b"}",
    b'"',
    b"null",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"NaN",
    b"\n",
    b"\\ud800",
    b"\x00",
    b"true",
    b"()",
]


VALUES = [
    None,
    True,
    0,
    -1,
    3,
    1e300,
    10**30,
    "",
    "\ud800\x1b[2J",
    "float64",
    "bfloat16",
    "output",
    [],
    ["max"],
    {},
    {"bytes": 8},
    [[[]]],
]


def mutated(data, chance):
    """A message with one field changed, or with one or two changes of bytes and words wherever they fall."""
    line, _, arrays = data.partition(b"\n")
    if chance.random() < 0.5:
        about = json.loads(line)
        place = chance.choice([about, *about["arrays"], about.get("description", about)])
        place[chance.choice(list(place))] = chance.choice(VALUES)
        return json.dumps(about).encode() + b"\n" + arrays
    data = bytearray(data)
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + chance.randint(1, 20)]
            case 2:
                data[at : at + chance.randint(0, 8)] = chance.choice(WORDS) * chance.choice((1, 1, 1, 3000))
            case 3:
                data[at:at] = data[chance.randrange(len(data) + 1) :][: chance.randint(1, 200)]
            case _:
                data[at:] = chance.choice(REAL)
    return bytes(data)


def read_all(data, case):
    """Reads messages as a run does, and judges them; yields after each."""
    stream = io.BytesIO(data)
    while (received := protocol.receive(stream)) is not None:
        yield
        about, arrays = received
        subject = understand("x", about)
        if subject.state == "ran":
            describe(subject)
            json.dumps(subject.description, allow_nan=False).encode()
        try:
            protocol.check_answer(about, arrays)
        except protocol.ProtocolError:
            continue
        judgement = judge_answer(case, {**protocol.FINDINGS, **about}, arrays, "torchvision", "float32", "NCHW")
        json.dumps(judgement.difference, allow_nan=False)


def test_mutated_messages_end_in_a_verdict_or_in_nonsense_but_in_no_traceback():
    chance, case = random.Random(16), next(case for case in golden_cases() if case.id == "place-two-by-two")
    understood = nonsense = 0
    tracemalloc.start()
    try:
        for _ in range(500):
            try:
                for _ in read_all(mutated(chance.choice(REAL), chance), case):
                    understood += 1
            except (protocol.ProtocolError, Unsupported):
                nonsense += 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert understood > 100
    assert nonsense > 100
    assert peak < 40 * MIB
