"""The gateway: what partners deposit, what they are sent, what they may read."""
