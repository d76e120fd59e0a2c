"""The service `referents`: who follows a person, with whom, and when they meet."""
