"""What needs Airflow: the operator's policy, its settings and the callbacks."""
