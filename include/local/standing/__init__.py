"""The standing system of `make up`: Postgres, the sandbox or ImmPort, and Airflow with its users."""
