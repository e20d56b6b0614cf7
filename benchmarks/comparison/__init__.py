"""Writing side by side with the predecessor and with the libraries that people use."""
