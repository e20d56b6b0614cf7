"""Stores the hazard curves of OpenQuake calculations in DynamoDB, audits them and reads them back."""
