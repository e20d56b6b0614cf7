"""The AWS side: its CloudFormation template, and what deploys it."""
