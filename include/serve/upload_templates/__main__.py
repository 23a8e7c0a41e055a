"""`python -m include.serve.upload_templates SDY1 --out DIR`: a study as a package of upload templates."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from include.serve.upload_templates.command import TemplateError, write_package
from include.serve.upload_templates.package import FORMATS
from include.warehouse.schema import address


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one package; its exit status: 0 when it was written, whatever stays to be filled."""
    parser = argparse.ArgumentParser(
        prog="python -m include.serve.upload_templates",
        description="Writes what the star has of a study as a package of ImmPort's upload templates, checks"
        " it and reports which columns the star cannot fill.",
    )
    parser.add_argument("study", help="accession, such as SDY180")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder that is not there yet")
    parser.add_argument("--release", help="release of the star, such as DR50; the newest without it")
    parser.add_argument("--format", choices=FORMATS, help="text (tsv), or Excel workbooks (xlsx)")
    about = "ImmPort's templates.json, or a folder or zip file with it"
    parser.add_argument("--templates", type=Path, metavar="PLACE", help=about)
    about = "lkTables.json; without it the one beside the templates"
    parser.add_argument("--lookups", type=Path, metavar="PLACE", help=about)
    try:
        url, options = address.parse(parser, arguments)
        write_package(
            url,
            options.study,
            options.out,
            release=options.release,
            format_=options.format,
            templates=options.templates,
            lookups=options.lookups,
        )
    except (TemplateError, address.AddressError) as error:
        print(f"error: {error}", file=sys.stderr)
    except sa.exc.OperationalError as error:  # not to be reached
        print(f"error: {' '.join(str(error.orig).split())}", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
