"""Everything that runs the whole system on one machine: Postgres, the sandbox, Airflow, the demo."""
