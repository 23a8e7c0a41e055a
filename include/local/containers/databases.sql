-- Run once, when the Postgres volume is new: Airflow's own database beside the warehouse.
CREATE DATABASE airflow;
