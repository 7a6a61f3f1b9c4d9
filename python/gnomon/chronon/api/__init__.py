"""The model: structs and enumerations."""
