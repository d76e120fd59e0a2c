"""`relais-kit verifier emetteur`: plays the hub in front of a partner that sends, with faults, and judges what it does.

commande → deroulement (the steps) → conduite (runs the program) · temoin (answers and records) → pannes; then
`regles_*` judge what was recorded, against the table of `exigences`.
"""
