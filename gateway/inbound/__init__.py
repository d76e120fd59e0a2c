"""The HTTPS side that partners call: authentication, deposits, reads, journal."""
