"""A mock of HubEE for those who develop against it: the télédossiers API v1.2.7, in memory, with its own errors.

Knows nothing of the connector that it tests. `python -m connectors.hubee_mock --port 8551` starts it.
"""
