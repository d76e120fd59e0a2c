"""Adapters to the systems that partners already have. A connector is an ordinary partner of the public API.

One folder per system (`reading.py` theirs → ours, `writing.py` ours → theirs, `codes.py`, then `facade.py`, `files.py`
or `poller.py` for how it is reached); the files of this folder are what they share. See docs/connecteurs.md.
"""
