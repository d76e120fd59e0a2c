"""`relais-kit verifier hub`: plays one partner, or two, against a hub, and judges what it answers.

`exigences` is the table of what is asked; `epreuves_*` hold the checks, `deroulement` their order; `acces` and
`echanges` make the requests, right or wrong on purpose.
"""
