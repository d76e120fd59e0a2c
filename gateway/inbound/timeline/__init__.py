"""The whole way of any message, told from the rows that the hub keeps anyway."""
