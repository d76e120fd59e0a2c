"""Reading what the CNAF and the MSA send: flows in XML, contacts in CSV, as messages of the catalogue."""
