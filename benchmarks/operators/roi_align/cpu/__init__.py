"""What is timed on a CPU, a file for each library.

Inputs are converted before the clock starts, outputs after it has stopped. The number of threads is set for everybody: PyTorch's
``set_num_threads``, the intra-op threads of ONNX Runtime, OpenVINO's ``inference_num_threads``, OpenCV's ``setNumThreads``,
MNN's ``set_thread_number``, and ``ROIKIT_NUM_THREADS``.
"""
