"""``python -m capgateway`` is the same as ``capgateway``."""

from capgateway.cli import main

main()
