"""What instructions of PTX do, by the manual's definitions, in whole numbers and fractions. Values come and go as bits."""

import math
import re
from fractions import Fraction

import numpy as np

FLOATS = {"f16": (np.float16, np.uint16), "f32": (np.float32, np.uint32), "f64": (np.float64, np.uint64)}
PRECISION = {"f16": (11, -14, 15), "f32": (24, -126, 127), "f64": (53, -1022, 1023)}
NAN = {"f16": 0x7FFF, "f32": 0x7FFFFFFF, "f64": 0x7FF8000000000000}


def width(kind):
    return 1 if kind == "pred" else int(kind[1:])


def number(bits, kind):
    """The value of bits: a whole number, or a NumPy scalar."""
    if kind[0] == "f":
        dtype, whole = FLOATS[kind]
        return whole(bits).view(dtype)
    high = kind[0] == "s" and bits >> (width(kind) - 1)
    return bits - (1 << width(kind)) if high else bits


def bits(value, kind):
    """The bits of a value; whole numbers lose what is too high."""
    if kind[0] == "f":
        dtype, whole = FLOATS[kind]
        value = dtype(value)
        return NAN[kind] if np.isnan(value) else int(value.view(whole))
    return int(value) & ((1 << width(kind)) - 1)


def nearest(exact, kind, sign=0):
    """An exact number rounded to the nearest of a type, ties to even; ``sign`` is that of zero."""
    precision, least, greatest = PRECISION[kind]
    if exact == 0:
        return bits(-0.0 if sign else 0.0, kind)
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= Fraction(2) ** exponent > size
    unit = Fraction(2) ** (max(exponent, least) - precision + 1)
    steps = round(size / unit)  # of Python: ties to even
    if steps * unit >= Fraction(2) ** (greatest + 1):
        return bits(math.inf if exact > 0 else -math.inf, kind)
    return bits(math.copysign(float(steps * unit), exact), kind)


def flushed(value, flush):
    tiny = flush and value != 0 and abs(value) < 2.0**-126
    return type(value)(math.copysign(0, value)) if tiny else value


def fused(a, b, c, kind):
    if not (np.isfinite(a) and np.isfinite(b)):
        return bits(float(a) * float(b) + float(c), kind)
    if not np.isfinite(c):
        return bits(c, kind)
    product = Fraction(float(a)) * Fraction(float(b))
    negative = np.signbit(a) != np.signbit(b)
    exact = product + Fraction(float(c))
    zero = negative and np.signbit(c) if product == 0 and c == 0 else False
    return nearest(exact, kind, zero)


def arithmetic(name, kind, values):
    """The result of an operation whose operands are rounded and flushed already, in bits."""
    if name == "fma":
        return fused(*values, kind)
    with np.errstate(all="ignore"):
        operation = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "sqrt": np.sqrt}
        if name == "rcp":
            return bits(type(values[0])(1) / values[0], kind)
        return bits(operation[name](*values), kind)


def extreme(name, values, keep):
    """min and max: of NaNs the other one, and -0 is less than +0."""
    a, b = values
    if np.isnan(a) or np.isnan(b):
        return math.nan if keep or (np.isnan(a) and np.isnan(b)) else b if np.isnan(a) else a
    low, high = sorted((a, b), key=lambda x: (float(x), not np.signbit(x)))
    return low if name == "min" else high


COMPARED = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b, "lo": lambda a, b: a < b, "ls": lambda a, b: a <= b,
    "hi": lambda a, b: a > b, "hs": lambda a, b: a >= b,
}  # fmt: skip


def compare(relation, a, b):
    unordered = isinstance(a, np.floating) and bool(np.isnan(a) or np.isnan(b))
    if relation in ("num", "nan"):
        return unordered == (relation == "nan")
    if unordered:
        return len(relation) == 3
    return bool(COMPARED[relation[:2]](a, b))


def whole(value, letter):
    """A finite number rounded to a whole one."""
    exact = Fraction(float(value))
    return {"n": round, "m": math.floor, "p": math.ceil, "z": math.trunc}[letter](exact)


def to_integer(value, letter, to, source):
    """Beyond the range its end; of a NaN 0, or the highest bit alone if a type has 64."""
    low, high = (-(1 << width(to) - 1), (1 << width(to) - 1) - 1) if to[0] == "s" else (0, (1 << width(to)) - 1)
    if np.isnan(value):
        return 1 << width(to) - 1 if 64 in (width(to), width(source)) else 0
    if np.isinf(value):
        return high if value > 0 else low
    return min(max(whole(value, letter), low), high)


def integer(name, kind, values):
    a, *rest = values
    b = rest[0] if rest else 0
    if name in ("div", "rem"):
        if b == 0:
            return -1 if name == "div" else a
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return quotient if name == "div" else a - quotient * b
    operations = {
        "add": lambda: a + b, "sub": lambda: a - b, "min": lambda: min(a, b), "max": lambda: max(a, b),
        "mul.lo": lambda: a * b, "mul.hi": lambda: a * b >> width(kind), "mul.wide": lambda: a * b,
        "mad.lo": lambda: a * b + rest[1], "mad.wide": lambda: a * b + rest[1], "neg": lambda: -a,
        "abs": lambda: abs(a), "and": lambda: a & b, "or": lambda: a | b, "xor": lambda: a ^ b, "not": lambda: ~a,
        "popc": a.bit_count, "clz": lambda: width(kind) - a.bit_length(),
        "brev": lambda: int(f"{a:b}".zfill(width(kind))[::-1], 2), "mov": lambda: a,
        "selp": lambda: a if rest[1] else b,
        "shl": lambda: a << min(b, width(kind)), "shr": lambda: a >> min(b, width(kind)),
    }  # fmt: skip
    return operations[name]()


def find(value, kind, shift):
    place = (~value if value < 0 else value).bit_length() - 1
    return 0xFFFFFFFF if place < 0 else width(kind) - 1 - place if shift else place


def extract(value, start, count, kind):
    """Bits of a field, and above it its sign: the last bit of it that there is."""
    start, count, top = start & 255, count & 255, width(kind) - 1
    pattern = value & ((1 << width(kind)) - 1)
    sign = kind[0] == "s" and count and pattern >> min(start + count - 1, top) & 1
    return sum(
        1 << i for i in range(width(kind)) if (pattern >> start + i & 1 if i < count and start + i <= top else sign)
    )


def insert(field, into, start, count, kind):
    for i in range(count & 255):
        place = (start & 255) + i
        if place < width(kind):
            into = into & ~(1 << place) | (field >> i & 1) << place
    return into


def permute(a, b, chosen):
    source, result = (b << 32 | a).to_bytes(8, "little"), []
    for i in range(4):
        nibble = chosen >> 4 * i & 15
        byte = source[nibble & 7]
        result.append(byte if nibble < 8 else 255 * (byte >> 7))
    return int.from_bytes(result, "little")


def funnel(direction, amount, low, high, count):
    count = count & 31 if amount == "wrap" else min(count, 32)
    double = high << 32 | low
    return double << count >> 32 if direction == "l" else double >> count


def expected(opcode, operand_kinds, result_kind, given):
    """What an instruction leaves of operands, both as bits."""
    name, *rest = opcode.split(".")
    kind, flush = rest[-1], "ftz" in rest
    values = [number(each, kinds) for each, kinds in zip(given, operand_kinds, strict=True)]
    if name == "setp":
        found = compare(rest[0], *(flushed(each, flush) if kind[0] == "f" else each for each in values[:2]))
        joined = {"and": lambda p: found and p, "or": lambda p: found or p, "xor": lambda p: found != p}
        return int(bool(joined[rest[1]](bool(values[2])) if rest[1] in joined else found))
    if name == "cvt":
        return converted(rest, flush, values[0], result_kind, kind)
    if name in ("mov", "selp"):
        return given[0] if name == "mov" or given[2] else given[1]
    if kind[0] == "f":
        return floating(name, kind, flush, "NaN" in rest, given, values)
    if name in ("bfind", "bfe", "bfi", "prmt", "shf"):
        return bits(
            {
                "bfind": lambda: find(values[0], kind, "shiftamt" in rest), "bfe": lambda: extract(*values, kind),
                "bfi": lambda: insert(*values, kind), "prmt": lambda: permute(*values),
                "shf": lambda: funnel(*rest[:2], *values),
            }[name](),
            result_kind,
        )  # fmt: skip
    long = ".".join((name, *(part for part in rest[:-1] if part in ("lo", "hi", "wide"))))
    return bits(integer(long, kind, values), result_kind)


def floating(name, kind, flush, keep, given, values):
    sign = 1 << width(kind) - 1
    if name in ("neg", "abs"):
        flipped = number(given[0] ^ sign if name == "neg" else given[0] & ~sign, kind)
        return int(flushed(flipped, flush).view(FLOATS[kind][1]))
    values = [flushed(each, flush) for each in values]
    if name in ("min", "max"):
        return bits(extreme(name, values, keep), kind)
    return bits(flushed(number(arithmetic(name, kind, values), kind), flush), kind)


def converted(parts, flush, value, to, source):
    rounding = re.fullmatch(r"r([nmpz])i?", parts[0])
    if to[0] != "f" and source[0] != "f":
        return bits(value, to)
    if source == "f16":  # whose registers are of 16 bits and no type
        value = number(value, "f16")
    if to == "b16":
        to = "f16"
    if source[0] != "f":
        return nearest(Fraction(value), to)
    value = flushed(value, flush)
    if to[0] != "f":
        return bits(to_integer(value, rounding[1], to, source), to)
    if not np.isfinite(value):
        return bits(value, to)
    if parts[0].endswith("i"):
        return bits(math.copysign(whole(value, rounding[1]), value), to)
    return bits(flushed(number(nearest(Fraction(float(value)), to, np.signbit(value)), to), flush), to)
