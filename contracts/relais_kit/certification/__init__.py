"""Certificates of conformance: `seance` is the hub's side of a witnessed run, `candidat` the partner's, `merite` what a
run must show for a certificate.
"""
