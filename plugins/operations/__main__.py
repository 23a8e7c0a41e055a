# ruff: noqa: T201  (a command line prints)
"""`python -m operations`: print the path of every route, one a line, as `make routes` does."""

from __future__ import annotations

import sys

from operations.page import MOUNT


def main() -> int:
    """Print the routes; the exit status."""
    # Airflow reports at import what it makes in its home; that is not the answer.
    from operations.app import make_app

    for path in sorted({route.path for route in make_app().routes if hasattr(route, "path")}):
        print(f"{MOUNT}{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
