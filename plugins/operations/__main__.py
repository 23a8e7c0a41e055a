"""`python -m operations`: print the path of every route, one a line, as `make routes` does."""

from __future__ import annotations

import argparse
import sys
from contextlib import redirect_stdout

from operations.page import MOUNT


def main() -> int:
    """Print the routes; the exit status."""
    about = "Print the path of every route of the operations pages, one a line."
    argparse.ArgumentParser("python -m operations", description=about).parse_args()
    # Airflow reports at import what it makes in its home, and warnings of libraries; they are not the answer.
    with redirect_stdout(sys.stderr):
        from operations.app import make_app

        routes = make_app().routes
    for path in sorted({route.path for route in routes if hasattr(route, "path")}):
        print(f"{MOUNT}{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
