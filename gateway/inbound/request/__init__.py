"""What every request goes through: what HTTP must be, who calls, how often, how refusals read."""
