"""Who may import whom. Imports are read from the text: those inside functions and those for types alone count like all others."""

import ast
from collections import defaultdict
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest

from tests.composed import COMPOSED

ROOT = Path(__file__).parents[1]
WINGS = {
    "roikit.torch": "kernels/torch",
    "roikit.kernels": "kernels",
    "roikit.conformance": "conformance",
    "roikit.reports": "reports",
    "roikit": "kernels/roikit",
    "benchmarks": "benchmarks",
}
BESIDE = {"roikit.kernels": ("roikit", "torch"), "roikit.reports": ("manual",)}
"""Folders of a wing that are packages of their own, or none: the manual's are Sphinx's."""

ROOMS = (
    "errors text",
    "documents exits terminal usage verdict exact draw",
    "records",
    "sampling",
    "findings explanation",
    "operation",
    "call",
    "operator",
    "fault",
    "arrays arranging enlarging relations",
    "asking",
    "answering mistakes",
    "windows",
    "memory sizing placing chance deduction",
    "systematic",
    "probing",
    "histories",
    "planning",
    "operators",
    "implementation",
    "cases",
    "verdicts",
    "golden",
    "diagnosing",
    "adapters",
    "results",
    "workers",
    "peers",
    "running",
    "detection",
    "scripts",
    "comparing explaining",
    "fuzzing",
    "commands",
    "pytest_plugin",
)
"""The rooms of `conformance/`, from the ground up. A room imports only what stands on lines above its own."""

EXCEPTIONS: set[tuple[str, str]] = set()
"""(importer, imported) that break a rule today. This only gets shorter."""


def modules():
    """Every module of the wings, by its dotted name."""
    found = {}
    for package, folder in WINGS.items():
        for file in (ROOT / folder).rglob("*.py"):
            parts = PurePosixPath(file.relative_to(ROOT / folder)).with_suffix("").parts
            if parts[0] in BESIDE.get(package, ()):
                continue
            found[".".join((package, *(part for part in parts if part != "__init__")))] = file
    return found


MODULES = modules()


def imports_of(name, file):
    """The modules of this project that one imports, or whose names it imports."""
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            candidates = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, (base, node.module)))
            candidates = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names]
        else:
            continue
        yield from (candidate for candidate in candidates if candidate in MODULES and candidate != name)


@pytest.fixture(scope="session")
def imports():
    """What each module imports."""
    return {name: set(imports_of(name, file)) for name, file in MODULES.items()}


@pytest.fixture(scope="session")
def edges(imports):
    """Importers and what they import, pair by pair."""
    return sorted((name, other) for name, others in imports.items() for other in others)


def within(name, *places):
    """Whether a module is one of these, or lies in one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def operator_of(name):
    """The operator in whose folder a module lies; None if it is in none."""
    parts = name.split(".")
    return parts[parts.index("operators") + 1] if "operators" in parts[:-1] else None


def room_of(name):
    """The room of `conformance/` that a module lies in; None if it lies in none."""
    parts = name.split(".")
    return parts[2] if within(name, "roikit.conformance") and len(parts) > 2 else None


C, K, R = "roikit.conformance", "roikit.kernels", "roikit.reports"
ROOM_NUMBER = {room: number for number, rooms in enumerate(ROOMS) for room in rooms.split()}


def referee_knows_player(a, b):
    """The referee shares no code with a player."""
    return (
        within(a, C)
        and within(b, K, "roikit.torch")
        and not within(b, f"{K}.dialects")
        and not a.startswith(f"{C}.adapters.roikit")
        # It runs the kernels of others, which takes the emulation of a GPU, and a compiler; and no kernel of ours.
        and not (a == f"{C}.adapters._cuda_text" and within(b, f"{K}.emulation", f"{K}.execution", f"{K}.errors"))
    )


def room_climbs(a, b):
    """A room imports only rooms below it: so an operator is knowledge, and runs nothing."""
    here, there = room_of(a), room_of(b)
    return None not in (here, there) and here != there and ROOM_NUMBER[there] >= ROOM_NUMBER[here]


def generic_knows_operator(a, b):
    """What stands outside of an operator's folders asks the registry."""
    return operator_of(b) is not None and operator_of(a) is None and not is_door(a, b)


def is_door(a, b):
    """The places that are meant to name operators: registries, public names, adapters and what asv discovers."""
    return (
        within(a, f"{C}.adapters")
        or a in (K, f"{K}.operators", f"{C}.operators", "benchmarks.operators")
        or within(a, "roikit.torch", "benchmarks.suites")
        or (operator_of(b) is not None and b.split(".")[-1] == "call" and within(a, f"{C}.implementation"))
    )


def operator_knows_operator(a, b):
    """What two operators share goes to shared ground, unless one is made of the other; kernels have no such exception."""
    here, there = operator_of(a), operator_of(b)
    if None in (here, there) or here == there:
        return False
    return not (within(a, C, "benchmarks") and there in COMPOSED.get(here, ()))


def ground_knows_operator(a, b):
    """Exact numbers and measuring know no operator."""
    return within(a, f"{C}.exact", "benchmarks.measuring") and (
        operator_of(b) is not None or within(b, f"{K}.dialects")
    )


def asking_and_running(a, b):
    """What a call asks for, and how it is run, know nothing of each other."""
    calls, execution = f"{K}.calls", f"{K}.execution"
    return (within(a, calls) and within(b, execution)) or (within(a, execution) and within(b, calls))


def kernels_know_wings(a, b):
    """The kernels know no other wing."""
    return within(a, K, "roikit.torch") and within(b, C, R, "benchmarks")


def reports_run(a, b):
    """Reports read files, and run nothing."""
    return within(a, R) and within(
        b, *(f"{C}.{room}" for room in ("workers", "running", "peers", "fuzzing", "adapters"))
    )


def roof_is_imported(a, b):
    """Nothing imports the command line."""
    return within(b, f"{C}.commands") and not within(a, f"{C}.commands")


NEVER = (
    referee_knows_player,
    room_climbs,
    generic_knows_operator,
    operator_knows_operator,
    ground_knows_operator,
    asking_and_running,
    kernels_know_wings,
    reports_run,
    roof_is_imported,
)


@pytest.mark.parametrize("rule", NEVER, ids=lambda rule: rule.__name__)
def test_no_import_goes_where_it_must_not(rule, edges):
    assert [edge for edge in edges if rule(*edge) and edge not in EXCEPTIONS] == []


def test_every_exception_is_still_one(edges):
    broken = {edge for edge in edges for rule in NEVER if rule(*edge)}
    assert EXCEPTIONS - broken == set()


def test_every_room_has_a_place_in_the_order():
    assert {room_of(name) for name in MODULES} - {None} == set(ROOM_NUMBER)


def circles(edges):
    """The circles of a graph: sets of nodes that reach each other."""
    graph = defaultdict(set)
    for a, b in edges:
        graph[a].add(b)
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            component = stack[at:]
            del stack[at:]
            if len(component) > 1:
                found.append(sorted(component))

    for node in list(graph):
        if node not in index:
            visit(node)
    return found


def test_modules_import_each_other_in_no_circle(edges):
    assert circles(edges) == []


def test_rooms_import_each_other_in_no_circle(edges):
    """A package's own `__init__` is its face; what lies in a folder belongs to the folder."""

    def room(name):
        return ".".join(name.split(".")[:3]) if name.startswith("roikit.") else ".".join(name.split(".")[:2])

    assert circles({(room(a), room(b)) for a, b in edges if room(a) != room(b)}) == []


def test_wings_import_each_other_in_no_circle(edges):
    wing = {name: next(w for w in WINGS if within(name, w)) for name in MODULES}
    assert circles({(wing[a], wing[b]) for a, b in edges if wing[a] != wing[b]}) == []
    assert all(a != b for a, b in pairwise(WINGS))


def test_the_roof_over_the_wings_imports_none_of_them(imports):
    """`import roikit` costs nothing, and needs nothing."""
    assert imports["roikit"] == set()
