"""The inbox: what may be read, what arrived, and under which id and parameters it is stored."""
