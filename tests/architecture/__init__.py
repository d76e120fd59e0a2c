"""Fences that run: what may import what, and what nobody may write. Each is shown to bite."""
