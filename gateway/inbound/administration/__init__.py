"""What operators do to the hub: each act in one transaction, with its author in a register that is written once."""
