"""What the services share, and no other component."""
