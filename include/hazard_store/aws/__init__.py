"""AWS: its clients, its errors as ours, what of them is tried again, and how fast we ask."""
