"""Whole ways through a running hub, as partners live them."""
