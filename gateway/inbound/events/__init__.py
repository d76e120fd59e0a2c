"""What a partner is told: the feed, its subscriptions, what is delivered again."""
