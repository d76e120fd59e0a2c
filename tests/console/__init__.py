"""The operators' console: what it takes in, what it understands of it, what it shows."""
