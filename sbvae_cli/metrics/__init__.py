"""Arrays in, scores out; knows no torch."""
