"""OAuth 2.0 of the gateway: FAPI 2.0 Security Profile, client credentials, tokens bound by DPoP or by certificate.

Authlib dispatches grants and speaks RFC 6749, joserfc does the cryptography; the policy is here. No module of this
package does I/O of its own, except `single_use`, which holds the SQL of single-use assertions and proofs.
"""
