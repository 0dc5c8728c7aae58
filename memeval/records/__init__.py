"""Results on disk: records of runs, their outcomes, how they are found, read and written."""
