"""The OAuth profile under attack; a test id that starts with `fapi2-` is a module of the OpenID conformance suite."""
