"""RoIAlign forward on the CPU: seconds per call, and peak memory."""

from roikit.kernels import roi_align

from .workloads import WORKLOADS, arrays


class Forward:
    """One call, with the output array given."""

    params = (list(WORKLOADS), ["NCHW", "NHWC"], ["float32", "float16", "bfloat16"])
    param_names = ("workload", "layout", "dtype")
    timeout = 120

    def setup(self, workload, layout, dtype):
        work = WORKLOADS[workload]
        self.feature, self.boxes = arrays(work, layout, dtype)
        self.keywords = {
            "output_size": work.bins,
            "spatial_scale": 1 / work.stride,
            "sampling_ratio": work.sampling_ratio,
            "aligned": True,
            "layout": layout,
        }
        self.out = roi_align(self.feature, self.boxes, **self.keywords)  # compiles

    def time_forward(self, workload, layout, dtype):
        roi_align(self.feature, self.boxes, out=self.out, **self.keywords)

    def peakmem_forward(self, workload, layout, dtype):
        roi_align(self.feature, self.boxes, out=self.out, **self.keywords)


class Call:
    """What a call costs besides its work: one RoI, one bin, one channel."""

    def setup(self):
        self.feature, self.boxes = arrays(WORKLOADS["box"], "NCHW", "float32")
        self.feature, self.boxes = self.feature[:, :1, :8, :8].copy(), self.boxes[:1]
        roi_align(self.feature, self.boxes, 1)

    def time_smallest_call(self):
        roi_align(self.feature, self.boxes, 1)
