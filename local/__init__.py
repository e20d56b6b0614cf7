"""The embedded AWS and Airflow for demo, tests and `make up`; nothing of it ships in an image."""
