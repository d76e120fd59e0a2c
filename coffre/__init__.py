"""Seals what is about a person, under a key of its parcours that an erasure destroys. Knows no table but its own."""
