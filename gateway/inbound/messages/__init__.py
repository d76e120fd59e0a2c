"""All messages, found by what they are: type, partner, state, code, territory, period, parcours, trace."""
