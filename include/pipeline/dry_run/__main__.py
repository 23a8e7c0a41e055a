"""`python -m include.pipeline.dry_run --landing URL [SCOPE ...]`: count what a replay would change."""

from include.pipeline.dry_run.commands import run

run()
