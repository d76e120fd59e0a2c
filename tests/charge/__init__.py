"""Measures under load, run by hand: figures and commands go to docs/mesures.md."""
