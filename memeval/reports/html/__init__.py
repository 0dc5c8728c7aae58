"""A folder of pages that opens from disk: runs side by side, and from any score to the questions behind it."""

from memeval.reports.html.builder import Written, write_report

__all__ = ["Written", "write_report"]
