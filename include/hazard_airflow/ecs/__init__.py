"""Containers on ECS: how one is started, watched, judged by its end, and stopped."""
