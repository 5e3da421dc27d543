"""What detectron2's pooler does on a GPU, step by step."""

from __future__ import annotations

from ..cpu.detectron2_style import pooler
from ..operations import Operation
from .torch_poolers import backward_of, pooling_by

DETECTRON2_STYLE = {
    Operation.POOLER: pooling_by("detectron2-style", pooler),
    Operation.POOLER_BACKWARD: backward_of("detectron2-style", pooler),
}
