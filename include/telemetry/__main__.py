"""`python -m include.telemetry` writes docs/metrics.md from the declarations."""

from __future__ import annotations

import argparse

from include.telemetry.page import PAGE, page


def main() -> None:
    """Write the page."""
    argparse.ArgumentParser(prog="python -m include.telemetry", description=__doc__).parse_args()
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
