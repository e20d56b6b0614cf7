"""A model of DynamoDB's capacity and faults, for tests and tuning; nothing like it runs locally."""
