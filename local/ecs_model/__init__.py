"""A model of ECS whose containers are processes, and what befalls requests and tasks there."""
