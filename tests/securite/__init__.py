"""Attacks, and the refusals that answer them."""
