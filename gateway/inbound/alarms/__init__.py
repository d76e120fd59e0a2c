"""What operators are told of without asking: measured from rows, compared with thresholds, opened and closed."""
