"""The configuration of a run, and the tables of renderers and metrics; neither torch nor numpy."""
