"""Tests of the identities: matching rules by property, store on the real PostgreSQL."""
