"""The code of a GPU, run without one: PTX, thread by thread, on a CPU that watches every access to memory."""
