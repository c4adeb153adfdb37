"""Recipes that reproduce the paper's figures and tables, with the paper's claims and verdicts."""
