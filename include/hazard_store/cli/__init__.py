"""Arguments in, text or JSON out; every verb is a shell around a documented function."""
