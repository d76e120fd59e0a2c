"""The administration of a hub: what operators ask of it, by the console's pages, by its API, or by the command line."""
