"""The message contracts of Relais: import the module that you need; this one holds nothing."""
