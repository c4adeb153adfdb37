"""The configuration of a run; neither torch nor numpy."""
