"""The same map over one process or all cores."""
