# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Streams the hazard curves of a running OpenQuake calculation to Hazard Store.

Runs inside the engine, and is under the engine's licence for that reason. It imports nothing of
Hazard Store: what the two share is the format in docs/reference/stream-format.md.
"""

from hazard_store_stream.hook import streaming

__all__ = ["streaming"]
