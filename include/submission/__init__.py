"""Data on their way to ImmPort: its upload templates, read and written, and packages of them checked.

Nothing here knows the warehouse or Airflow. `python -m include.submission --help` is the command.
"""
