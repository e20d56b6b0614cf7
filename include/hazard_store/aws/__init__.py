"""AWS: its clients, its errors as ours, and what of them is tried again."""
