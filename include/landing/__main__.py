"""Make vocabularies that were landed together ready for a replay: `include.landing.earlier_vocabularies`."""

from __future__ import annotations

import argparse
import sys


def main() -> int:
    """Write the manifests that a landing zone lacks; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m include.landing",
        description="Give vocabularies that were landed together, before each was loaded alone, manifests of"
        " their own, so that they can be replayed. A second call changes nothing.",
    )
    parser.add_argument("root", help="folder or URL of the landing zone")
    root: str = parser.parse_args().root
    # Airflow makes its home when it is imported: not to print a help text.
    from include.landing.earlier_vocabularies import EarlierVocabularies
    from include.landing.manifest import LandingError

    try:
        made = EarlierVocabularies(root).adopt()
    except LandingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{made} manifests written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
