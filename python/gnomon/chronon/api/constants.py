"""Chronon's API declares no constants; the module exists so that importing it works."""
