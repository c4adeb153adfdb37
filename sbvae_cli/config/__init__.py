"""Define the configuration of a run and the tables of renderers and metrics, without NumPy."""
