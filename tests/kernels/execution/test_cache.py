"""A cache that looks as if it could hold kernels, and cannot: full disks, and file systems that no code is loaded from."""

import ctypes
import errno
import os
import tempfile
import warnings

import pytest

from roikit.kernels import CompilationError
from roikit.kernels.execution import host

TEXT = 'extern "C" int answer() { return 42; }\n#define ROIKIT_HOST_ENTRY(entry)\n'


class NoHeader:
    """In place of the header that makes a CUDA text run on a CPU, which this one does as it is."""

    def joinpath(self, *_):
        return self

    def read_text(self, **_):
        return ""


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """The folder of an empty cache, beside one for temporary files."""
    folder, temporary = tmp_path / "cache" / "host", tmp_path / "temporary"
    for each in (folder, temporary):
        each.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("ROIKIT_CACHE_DIR", str(folder.parent))
    monkeypatch.setattr(host, "files", lambda _: NoHeader())
    monkeypatch.setattr(host, "_unusable", {})
    cached = [value for value in vars(host).values() if hasattr(value, "cache_clear")]
    for function in cached:
        function.cache_clear()
    yield folder
    for function in cached:
        function.cache_clear()


@pytest.fixture
def compiled(monkeypatch):
    """The targets that the compiler is asked for."""
    run, targets = host._run_compiler, []
    monkeypatch.setattr(
        host, "_run_compiler", lambda text, flags, to: targets.append(to) or run(text, ("-O0", *flags), to)
    )
    return targets


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def below(folder, function, failing=full):
    """``function`` but for paths in a folder."""
    return lambda path, *rest, **more: (failing if str(path).startswith(str(folder)) else function)(path, *rest, **more)


def within(folder, function):
    """``function`` but for files to be made in a folder."""
    return lambda **how: (full if how["dir"] == folder else function)(**how)


def load(name="one"):
    return host._load(TEXT + f"// {name}", (name,), ())


def answer(name="one"):
    with pytest.warns(RuntimeWarning, match="set ROIKIT_CACHE_DIR to a directory") as said:
        library = load(name)
    assert library.answer() == 42
    assert len(said) == 1
    return str(said[0].message)


def refuse(path, *_):
    raise OSError(f"{path}: failed to map segment from shared object")


def test_what_is_not_loaded_from_the_cache_is_loaded_from_elsewhere(cache, compiled, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", below(cache, ctypes.CDLL, refuse))
    assert f"{cache} cannot hold them" in answer()
    assert [target.parent for target in compiled] == [cache]  # and copied
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load("two").answer() == 42  # not tried there again
    assert compiled[1].parent != cache


@pytest.mark.parametrize("step", ["_seal", "_run_compiler", "mkstemp"])
def test_a_disk_that_fills_up_is_done_without(cache, compiled, monkeypatch, step):
    if step == "mkstemp":
        monkeypatch.setattr(tempfile, "mkstemp", within(cache, tempfile.mkstemp))
    elif step == "_seal":
        monkeypatch.setattr(host, "_seal", below(cache, host._seal))
    else:  # which fails for want of room, as a compiler says that it does
        run, wrong = host._run_compiler, "#error no room left"
        monkeypatch.setattr(host, "_run_compiler", lambda t, f, to: run(wrong if to.parent == cache else t, f, to))
        monkeypatch.setattr(host, "_check_room", below(cache, host._check_room))
    assert "No space left on device" in answer()
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("compiled")
def test_without_any_place_the_error_says_what_to_set(cache, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    with (
        pytest.warns(RuntimeWarning),
        pytest.raises(CompilationError, match=r"failed to map segment.*set ROIKIT_CACHE_DIR"),
    ):
        load()
    monkeypatch.setattr(tempfile, "mkdtemp", full)
    host._temporary_directory.cache_clear()
    host._unusable.clear()
    with pytest.raises(CompilationError, match=r"No space left on device.*set ROIKIT_CACHE_DIR"):
        load("two")
    assert cache.exists()


def test_a_compiler_that_cannot_be_run_is_named(cache, monkeypatch):
    program = cache / "compiler"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    monkeypatch.setenv("CXX", str(program))
    with pytest.raises(CompilationError, match=f"{program} cannot be run"):
        load()


def test_a_disk_with_less_room_than_a_kernel_takes_is_full(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    host._check_room(tmp_path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (host._MOST_BYTES // 2, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):  # once some of it is written
            host._check_room(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
