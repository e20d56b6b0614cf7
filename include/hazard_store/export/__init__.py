"""Files out of stored curves: the engine's own, tables, arrays, maps; each curve is read once."""
