"""The exact reference of poolers: which level each box is on, and RoIAlign's answers put together."""
