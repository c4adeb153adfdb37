"""Findings on codes and models as data, and the tables of their sentences."""
