"""Seals personal data under a key of its parcours, which an erasure destroys. Knows no table but its own."""
