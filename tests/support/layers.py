"""The layers of the project: imports go downwards only."""

from __future__ import annotations

# Layers of hazard_store: a module imports from its own layer or a lower one.
LAYERS = (
    ("cli",),
    ("export", "hazlab", "plot", "submit"),
    ("workflow",),
    ("query",),
    ("store",),  # makes the clients, the writer's among them
    ("inbox",),
    ("streamed",),
    ("calcfile", "writer"),
    ("table_lifecycle",),
    ("files", "records", "tables"),
    ("aws", "items"),
    ("keys", "codec", "derive", "identity"),
    ("ahead", "model", "settings", "errors", "signals", "limits", "shown", "amounts", "prices"),
)
