"""What stands before the embedded AWS: who may ask it, and what a task may be told."""
