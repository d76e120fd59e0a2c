"""What operators do, by a page or by the API: one table of acts, one desk where they are asked for."""
