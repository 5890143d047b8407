"""The engine: decide, fetch, verify. It knows remotes and bytes, and no dataset."""
