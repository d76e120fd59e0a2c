"""What an auditor asks of the hub: who did and saw what, whether the journals hold, what is held on a person."""
