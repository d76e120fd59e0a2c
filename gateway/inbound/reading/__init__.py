"""What a partner may look at: parcours, lists, the offer, its own accounts."""
