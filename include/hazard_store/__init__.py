"""Hazard curves of OpenQuake calculations in DynamoDB: stored, audited, read back."""
