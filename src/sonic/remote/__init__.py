"""What `sonic.Client` is made of: the connection to a service, and its jobs."""
