"""The job service: durable jobs, files, workers and the HTTP API around them (extra `serve`)."""
