"""Measurements, as ratios within one run: the machine's own speed cancels out. They print; they assert nothing."""
