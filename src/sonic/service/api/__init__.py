"""The HTTP side of the service: one idea of the API a module."""
