"""Tests of the service `engagements`."""
