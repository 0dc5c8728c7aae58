"""From outcomes and gold to numbers: measures, scores, rows, baselines, costs."""
