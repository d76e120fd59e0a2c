"""The service `offres`: what insertion offers, and who is sent to it."""
