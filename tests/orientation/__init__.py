"""Tests of the service `orientation`."""
