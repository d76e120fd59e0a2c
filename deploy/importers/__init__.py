"""Readers of the files that partners already exchange, turned into messages of the public API."""
