"""From a chosen option to an object, and to the name that results keep of it."""
