"""Sends a calculation file from where the engine ran into the inbox, and starts what stores it."""
