from contextlib import contextmanager
from functools import cache

import pytest

from roikit.kernels.calls import problem
from roikit.kernels.execution import host, source
from tests.conformance import planted
from tests.conformance.judged import judge_our_kernels

_load, _kernel = (cache(function.__wrapped__) for function in (host._load, host._kernel))
"""Kernels as users have them, kept from test to test, beside those that other tests compile faster."""


@pytest.fixture
def judgements(monkeypatch):
    """Our kernels on the CPU, in this process, compiled as users have them, judged by cases: the function above."""
    monkeypatch.setattr(host, "_user_flags", tuple)
    monkeypatch.setattr(host, "_load", _load)
    monkeypatch.setattr(host, "_kernel", _kernel)
    return judge_our_kernels


def forget_sources():
    for cached in vars(source).values():
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()
    problem.forget()


@pytest.fixture
def mutant(monkeypatch):
    """Puts ``new`` in place of ``old`` in one line of a source: ``with mutant(file, line, old, new): ...``.

    The kernels that have that line are compiled without optimisation. One of them must run.
    """

    @contextmanager
    def put(file, line, old, new):
        read, kernel, compiler = source._read, host._kernel, host._run_compiler
        wrong, broken, ran = line.replace(old, new), planted.broken(file, line, old, new), set()

        def noted(found, *how):
            ran.add(wrong in found.text)
            return kernel(found, *how)

        try:
            with monkeypatch.context() as patch:
                patch.setattr(source, "_read", lambda name: broken if name == file else read(name))
                patch.setattr(host, "_kernel", noted)
                patch.setattr(
                    host,
                    "_run_compiler",
                    lambda text, flags, to: compiler(text, (*flags, "-O0") if wrong in text else flags, to),
                )
                forget_sources()
                yield
        finally:
            forget_sources()
        assert True in ran, "the mutant was not run"

    return put
