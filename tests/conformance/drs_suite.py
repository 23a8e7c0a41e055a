"""The report of GA4GH's compliance suite for DRS, as JSON: in an environment of its own.

python drs_suite.py BASE CONFIG    BASE ends with /ga4gh/drs/v1; CONFIG is the suite's own configuration file
"""

from __future__ import annotations

import json
import sys
from types import ModuleType


def main(base: str, config: str) -> None:
    """Print the report."""
    # The wheel forgets this module, which only its command line needs.
    versions = ModuleType("supported_drs_versions")
    versions.SUPPORTED_DRS_VERSIONS = ["1.2.0"]  # type: ignore[attr-defined]
    sys.modules[versions.__name__] = versions
    from compliance_suite.report_runner import report_runner

    report = report_runner(base, "a service", "", "1.2.0", config)
    sys.stdout.write(json.dumps(json.loads(report.to_json())) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
