"""Run folders: configure, name, start, resume, open, describe, score."""
