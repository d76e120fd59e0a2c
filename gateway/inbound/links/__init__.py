"""Answering without a system: the links that the hub signs, their pages."""
