"""What made a result: the code by the closure of its imports, the packages and the machine."""
