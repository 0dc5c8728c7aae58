"""What data and plug-ins return is copied and checked before it counts."""
