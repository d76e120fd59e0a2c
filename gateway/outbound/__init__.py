"""From the bus to the partners: who receives an event, one row each, and the webhooks that push those rows."""
