"""Version 1 of the messages, one module per brique. A published message never changes its meaning."""
