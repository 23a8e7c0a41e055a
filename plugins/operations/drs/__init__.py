"""The warehouse's files as a GA4GH DRS service, for who is signed in to Airflow."""
