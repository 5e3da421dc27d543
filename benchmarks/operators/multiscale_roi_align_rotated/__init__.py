"""Rotated RoIAlign on a feature pyramid: which of its kernels a GPU may run. No benchmark of it is planned yet."""
