"""`relais-kit rapport`: a recorded run as a page, for a terminal, for continuous integration, for a program."""
