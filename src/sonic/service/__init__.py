"""Videos over HTTP: a durable job queue, its workers, and the API in front of them."""
