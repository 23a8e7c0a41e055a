"""`python -m include.pipeline.dry_run --landing URL [SCOPE ...]`: count what a replay would change."""

from include.pipeline.dry_run.arguments import read

if __name__ == "__main__":
    wanted = read()
    # It imports Airflow, which makes a home of its own.
    from include.pipeline.dry_run.commands import count

    count(*wanted)
