"""What reads a context and answers, what judges the answer, and how often the judge is wrong."""
