"""Speed, measured against the targets of the design; one module a row of its table. Results: docs/log.md."""
