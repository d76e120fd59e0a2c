"""Tests of the service `referents`."""
