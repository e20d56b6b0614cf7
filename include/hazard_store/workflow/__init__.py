"""The verbs of a calculation's life, each a function; the command line and the DAG call these."""
