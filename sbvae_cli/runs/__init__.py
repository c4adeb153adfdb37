"""Run folders: start, resume, open."""
