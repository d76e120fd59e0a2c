"""A message from its bytes to its decision: read, journalled, asked, settled."""
