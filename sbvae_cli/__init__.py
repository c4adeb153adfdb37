"""The Spatial Broadcast Decoder (Watters et al. 2019) as a command-line tool suite."""

__version__ = "0.1.0"
