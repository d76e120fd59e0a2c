"""The screen of all messages: filters, counts, saved searches, export."""
