"""Who looks at the console, and what each may do there."""
