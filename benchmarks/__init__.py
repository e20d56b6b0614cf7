"""Every figure that the documents quote, runnable."""
