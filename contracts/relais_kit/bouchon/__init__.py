"""The mock hub: the API of the hub in one process, in memory, with the hub's own contract code at the door.

It does not decide as the services do: what the contract, the rights and the references allow is accepted.

serveur → application → porte (who calls) · depots (what is deposited) · fil (what is read)  →  memoire; modes: faults
"""
