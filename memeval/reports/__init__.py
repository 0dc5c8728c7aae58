"""Tables, plots and pages of scored runs: words and pictures only."""
