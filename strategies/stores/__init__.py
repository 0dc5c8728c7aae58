"""Stores by role: vector, kv, graph, sql; what they share in reaching a server lies in clients."""
