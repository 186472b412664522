"""Search: the table of parameters, the index rows of a resource, the query of a URL."""
