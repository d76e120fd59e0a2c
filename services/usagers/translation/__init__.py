"""Contract ⇄ domain: `depots` reads, `faits` publishes."""
