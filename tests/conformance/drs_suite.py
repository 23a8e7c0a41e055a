"""The report of GA4GH's compliance suite for DRS, as JSON: in an environment of its own."""

from __future__ import annotations

import argparse
import json
import sys
from types import ModuleType


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", help="address that ends with /ga4gh/drs/v1")
    parser.add_argument("config", help="the suite's own configuration file")
    options = parser.parse_args()
    # The wheel forgets this module, which only its command line needs.
    versions = ModuleType("supported_drs_versions")
    versions.SUPPORTED_DRS_VERSIONS = ["1.2.0"]  # type: ignore[attr-defined]  # made at this moment
    sys.modules[versions.__name__] = versions
    from compliance_suite.report_runner import report_runner

    report = report_runner(options.base, "a service", "", "1.2.0", options.config)
    sys.stdout.write(json.dumps(json.loads(report.to_json())) + "\n")


if __name__ == "__main__":
    main()
