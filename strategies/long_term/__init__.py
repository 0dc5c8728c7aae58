"""What is fetched back: retrievers, which rank stored passages for a query."""
