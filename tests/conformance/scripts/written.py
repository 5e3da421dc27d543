"""What must hold of every script that `roikit reproduce` can write for an implementation."""

import re

from roikit.conformance.errors import UsageError
from roikit.conformance.scripts.reproduce import reproduce

_HEAD = re.compile(r"(?:#.*\n)+")
_PARSED = 8  # each so many scripts that are parsed: they differ in their numbers, and a template is soon seen


def number_written(cases, implementation, allowed):
    """How many of some cases have a script; each names its case and rules, and imports what is ``allowed`` and no more."""
    written = 0
    for case in cases:
        try:
            script = reproduce(case.id, implementation)
        except UsageError:
            continue
        head = " ".join(line.removeprefix("#").strip() for line in _HEAD.match(script)[0].splitlines())
        assert head.startswith(f"{case.id}: {case.title}")
        assert all(f" {rule} " in head for rule in case.rules)
        assert set(re.findall(r"^ *(?:import|from) (\w+)", script, re.MULTILINE)) <= allowed
        assert "$" not in script
        if written % _PARSED == 0:
            compile(script, case.id, "exec")
        written += 1
    return written
