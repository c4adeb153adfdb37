"""Run folders: configure, name, start, resume, open, describe and score runs."""
