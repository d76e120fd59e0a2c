"""Every SQL statement of the outgoing half: the fan-out, the deliveries, the subscriptions as the sender sees them."""
