"""The way to Modal's cloud, for sandboxes and volumes alike: one client, a deadline on every call."""
