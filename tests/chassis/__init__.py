"""The chassis: what every process relies on, tried on the real engines."""
