"""Which lines of a kernel's text a GPU alone compiles, and which a CPU alone: those between guards of ``__CUDA_ARCH__``."""

import re

_OPENED = re.compile(r"\s*#\s*(?P<word>if|ifdef|ifndef)\s+(?P<condition>.*)")
_OTHERS = {"GPU": "CPU", "CPU": "GPU", "": ""}


def _asked(word, condition):
    """Who compiles what follows a condition: ``"GPU"``, ``"CPU"``, or ``""`` if it does not decide that."""
    if condition.strip() == "__CUDA_ARCH__":
        return {"ifdef": "GPU", "ifndef": "CPU"}[word]
    if condition.startswith("defined(__CUDA_ARCH__)") and "||" not in condition:
        return "GPU"
    assert "__CUDA_ARCH__" not in condition, f"what #{word} {condition} asks is not known"
    return ""


def compiled_by(text):
    """For each line of a text who compiles it, ``"GPU"`` or ``"CPU"`` alone, or ``""``, both."""
    found, open_ones = [], []
    for line in text.splitlines():
        if opened := _OPENED.match(line):
            open_ones.append((_asked(opened["word"], opened["condition"]), opened["condition"]))
        elif other := re.match(r"\s*#\s*(else|elif)\b", line):
            asked, condition = open_ones.pop()
            assert other[1] == "else" or "__CUDA_ARCH__" not in line, f"what {line} asks is not known"
            # What a condition of more parts leaves is compiled by a GPU, too; what follows one more stays with the same.
            left = "" if "&&" in condition else asked if condition == "" else _OTHERS[asked]
            open_ones.append((left, ""))
        elif re.match(r"\s*#\s*endif\b", line):
            open_ones.pop()
        found.append(next((asked for asked, _ in reversed(open_ones) if asked), ""))
    assert not open_ones
    return found
