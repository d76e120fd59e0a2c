"""How Relais is installed, started and provisioned; nothing here is imported by what runs in production."""
