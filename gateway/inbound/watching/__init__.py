"""What operators see: health, figures, what looks like an exploration."""
