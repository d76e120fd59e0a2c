"""`relais-kit verifier recepteur`: plays the hub against the webhook endpoint of a partner, and judges what it does.

`exigences` is the table of what is asked; `epreuves_*` hold the checks, `deroulement` their order.
"""
