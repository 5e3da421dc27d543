"""Runs a kernel's source on the CPU: compiled by the system's C++ compiler, launched like a CUDA kernel.

A kernel is compiled once for all dialects (but for what a maximum is taken of), and kept in the user's cache directory
(``ROIKIT_CACHE_DIR`` overrides it), under the hash of everything that decides its code. ``ROIKIT_CXXFLAGS`` adds options for the
compiler, after our own: with ``-march=x86-64-v3``, for instance, kernels run on every CPU with AVX2; it is read at the first
launch. ``ROIKIT_NUM_THREADS`` sets the number of threads; the default is every core this process may use.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CompilationError, CompilerNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .launch import Launch
    from .source import Source

# No contraction: where a fused operation is wanted the source says so, and coordinates must be rounded step by step.
_FLAGS: tuple[str, ...] = (
    "-std=c++17",
    "-O3",
    "-fPIC",
    "-shared",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-w",
)
if sys.platform == "linux":
    # Zig's compiler takes -fopenmp but has no library for it: that must fail when it links, and not when the kernel is loaded.
    _FLAGS = (*_FLAGS, "-Wl,-z,defs")
_OPENMP = "-fopenmp"
_MAX_THREADS = 1024
_MOST_BYTES = 2**21  # of a compiled kernel, which takes a few hundred KiB

_forked = False
_unusable: dict[
    Path, Path
] = {}  # caches that turned out to be full, or not to be loaded from, and what is used instead


def _after_fork() -> None:
    global _forked  # noqa: PLW0603 - a fact of the process
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@cache
def compiler() -> tuple[str, ...]:
    """The command of the C++ compiler: ``$CXX``, c++, g++, clang++, or that of the ``ziglang`` package.

    Raises:
        CompilerNotFoundError: there is none; the message says what to install.
    """
    named = os.environ.get("CXX")
    if named:
        command = (named,) if shutil.which(named) else tuple(shlex.split(named))
        if shutil.which(command[0]) is None:
            raise CompilerNotFoundError(f"CXX is set to {named!r}, which is not a program on the PATH")
        return command
    for program in ("c++", "g++", "clang++"):
        if path := shutil.which(program):
            return (path,)
    if importlib.util.find_spec("ziglang"):
        return (sys.executable, "-m", "ziglang", "c++")
    raise CompilerNotFoundError(
        "running on the CPU needs a C++ compiler and none was found: install g++ or clang++ with the system's package "
        "manager, or the compiler that comes as a Python package with `pip install ziglang`, or set CXX"
    )


@cache
def machine_flags() -> tuple[str, ...]:
    """Options of the compiler for the CPU that this is."""
    return ("-mcpu=native",) if "ziglang" in compiler() or platform.machine() == "aarch64" else ("-march=native",)


@cache
def _user_flags() -> tuple[str, ...]:
    return tuple(shlex.split(os.environ.get("ROIKIT_CXXFLAGS", "")))


@cache
def _toolchain() -> bytes:
    """A fingerprint of the compiler and of the CPU that it compiles for."""
    version = _run(["--version"]).stdout.encode()
    cpu = platform.processor()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu += "\n".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))
    return version + cpu.encode() + platform.machine().encode()


def _user_cache_directory() -> str:
    import platformdirs  # which a GPU machine may lack: nothing is compiled for the CPU there

    return platformdirs.user_cache_dir("roikit")


@cache
def cache_directory() -> Path:
    """The directory of compiled kernels, which exists and can be written to."""
    wanted = Path(os.environ.get("ROIKIT_CACHE_DIR") or _user_cache_directory()) / "host"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            return wanted
    except OSError as error:
        return _instead_of(wanted, error)


@cache
def _temporary_directory() -> Path:
    """A directory of this process's own, removed when it ends.

    Raises:
        CompilationError: there is none.
    """
    try:
        chosen = Path(tempfile.mkdtemp(prefix="roikit-"))
    except OSError as error:
        raise CompilationError(
            f"there is no directory that compiled kernels can be written to ({error}); set ROIKIT_CACHE_DIR to one that can"
        ) from error
    atexit.register(shutil.rmtree, chosen, ignore_errors=True)
    return chosen


def _instead_of(wanted: Path, error: OSError) -> Path:
    """Where kernels go because they cannot go to, or be loaded from, a directory; says so."""
    chosen = _temporary_directory()
    warnings.warn(
        f"kernels are compiled anew in every process, since {wanted} cannot hold them ({error.strerror or error}); "
        "set ROIKIT_CACHE_DIR to a directory that can be written to, on a file system with room from which code may be loaded",
        RuntimeWarning,
        stacklevel=2,
    )
    return chosen


def _seal(path: Path) -> None:
    """Appends the checksum of a compiled kernel to its file, where a loader does not look, and has it written to disk."""
    with path.open("rb+") as file:
        checksum = hashlib.sha256(file.read()).digest()
        file.write(checksum)
        file.flush()
        os.fsync(file.fileno())


def _is_whole(path: Path) -> bool:
    """Whether a file is as `_seal` left it: loading a damaged one could end the process."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return hashlib.sha256(data[:-32]).digest() == data[-32:]


def _run(options: Sequence[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the compiler on ``text``."""
    command = [*compiler(), *options]
    try:
        return subprocess.run(command, input=text, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except OSError as error:
        raise CompilationError(f"{shlex.join(compiler())} cannot be run: {error}") from error


def _run_compiler(text: str, flags: Sequence[str], target: Path) -> subprocess.CompletedProcess[str]:
    return _run([*flags, "-x", "c++", "-", "-o", str(target)], text)


def _check_room(directory: Path) -> None:
    """Checks that a kernel fits into a directory: a compiler that finds it full says no more than that it failed."""
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(bytes(_MOST_BYTES))
        file.flush()


def _compile(text: str, entry: str, flags: tuple[str, ...], target: Path) -> None:
    """Compiles to ``target``, which appears whole or not at all.

    Raises:
        CompilationError: the compiler refused the text.
        OSError: ``target`` cannot be written.
    """
    handle, name = tempfile.mkstemp(suffix=".so", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        result = _run_compiler(text, (*flags, _OPENMP), temporary)
        if result.returncode != 0:
            serial = _run_compiler(text, flags, temporary)
            if serial.returncode != 0:
                _check_room(target.parent)
                raise CompilationError(f"{shlex.join(compiler())} did not compile {entry}:\n{serial.stderr.strip()}")
            warnings.warn(
                f"{shlex.join(compiler())} has no OpenMP, so kernels run on one thread", RuntimeWarning, stacklevel=2
            )
        _seal(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _alone(key: str) -> Iterator[None]:
    """Lets one process at a time compile what has this key: others wait, and find it compiled. Workers often come together."""
    with ExitStack() as stack:
        with suppress(ImportError, OSError):  # without locks some compile in vain
            import fcntl

            file = stack.enter_context(cache_directory().with_suffix(".lock").open("w"))
            fcntl.lockf(file, fcntl.LOCK_EX, 1, int(key[:7], 16))  # a byte of the file for each key
        yield


@cache
def _load(text: str, entries: tuple[str, ...], extra: tuple[str, ...]) -> ctypes.CDLL:
    """A source's library, with an entry point for each of its kernels; compiles it if need be."""
    host = (
        files("roikit.kernels").joinpath("cuda", "host.hpp").read_text(encoding="utf-8").replace("#pragma once\n", "")
    )
    text = "\n".join((host, text, *(f"ROIKIT_HOST_ENTRY({entry})" for entry in entries), ""))
    return load(text, entries[0], (*_FLAGS, *machine_flags(), *_user_flags(), *extra))


def load(text: str, name: str, flags: tuple[str, ...]) -> ctypes.CDLL:
    """The library of a C++ text, which is kept in the cache under a ``name`` and a hash; compiles it if need be.

    Raises:
        CompilerNotFoundError: there is no compiler.
        CompilationError: it refused the text, or what it made can be kept nowhere.
    """
    key = hashlib.sha256("\0".join((text, *flags)).encode() + _toolchain()).hexdigest()
    kept = _unusable.get(cache_directory(), cache_directory()) / f"{name}-{key[:32]}.so"
    try:
        return _loaded(kept, text, name, flags, key)
    except OSError as error:
        elsewhere = _unusable[kept.parent] = _instead_of(kept.parent, error)
    target = elsewhere / kept.name
    try:
        if target != kept and _is_whole(kept):  # it was compiled, and then not loaded
            shutil.copyfile(kept, target)
        return _loaded(target, text, name, flags, key)
    except OSError as error:
        raise CompilationError(
            f"{name} can be kept neither in {kept.parent} nor in {elsewhere} ({error.strerror or error}); set "
            "ROIKIT_CACHE_DIR to a directory that can be written to, on a file system with room from which code may be loaded"
        ) from error


def _loaded(target: Path, text: str, entry: str, flags: tuple[str, ...], key: str) -> ctypes.CDLL:
    """The library at ``target``, compiled if need be.

    Raises:
        CompilationError: the compiler refused the text.
        OSError: ``target`` cannot be written, or not be loaded.
    """
    if not _is_whole(target):
        with _alone(key):
            if not _is_whole(target):
                _compile(text, entry, flags, target)
    return ctypes.CDLL(str(target))


def compile_source(source: Source) -> None:
    """Compiles and loads ``source`` now rather than at its first launch."""
    _kernel(source, False)


@cache
def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count() -> int:
    """The number of threads that blocks are spread over: 1 in a forked process, where OpenMP has lost its threads.

    Raises:
        ValueError: ``ROIKIT_NUM_THREADS`` is not a positive integer.
    """
    if _forked:
        return 1
    wanted = os.environ.get("ROIKIT_NUM_THREADS")
    if not wanted:
        return _cores()
    if not wanted.isdecimal() or int(wanted) < 1:
        raise ValueError(f"ROIKIT_NUM_THREADS is {wanted!r}, but must be a positive integer")
    return min(int(wanted), _MAX_THREADS)


@cache
def _kernel(source: Source, threaded: bool) -> Callable[..., int]:
    library = _load(source.text, source.entries, ("-DROIKIT_HOST_BLOCK_THREADS", "-pthread") if threaded else ())
    function: Callable[..., int] = library[f"roikit_{source.entry}"]
    function.argtypes = (*[ctypes.c_char_p] * 2, *[ctypes.c_uint] * 5, ctypes.c_size_t, ctypes.c_int)  # type: ignore[attr-defined]
    return function


def run(launch: Launch, addresses: Sequence[int], threads: int | None = None) -> None:
    """Runs a launch and returns when it is done.

    ``addresses`` are those that `Launch.values` packs. Blocks are spread over ``threads`` threads, `thread_count` unless given.
    A block of more than one thread runs as that many real threads: meant for tests.

    Raises:
        MemoryError: the buffers for the blocks' shared memory could not be had.
    """
    function = _kernel(launch.source, launch.block != (1, 1))
    if threads is None:
        threads = thread_count()
    rules = launch.source.rules
    if function(launch.values(addresses), rules, *launch.grid, *launch.block, launch.shared_bytes, threads):
        raise MemoryError(f"no memory for {launch.shared_bytes} bytes of lists per thread")
