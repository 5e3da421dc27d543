"""The rows that PSRoIAlign on a pyramid is timed on: some of PSRoIAlign's, all levels in one call.

Of c1 and e, which have one level, none is chosen: what the pooler costs besides shows beside PSRoIAlign's rows of these names.
"""

from __future__ import annotations

from ..ps_roi_align import workloads

NAMES = ("a1", "c1", "e")
GPU_ROWS = {name: workloads.GPU_ROWS[name] for name in NAMES}
CPU_ROWS = {name: workloads.CPU_ROWS[name] for name in NAMES}
