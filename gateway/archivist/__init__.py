"""Moves the keys of archived parcours out of everyday reach, and back: the one process with the archive's masters."""
