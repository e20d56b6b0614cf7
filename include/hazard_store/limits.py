"""The limits of names and numbers that several rooms hold, Airflow's forms among them."""

CALC_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._=-]{0,127}$"
MAX_REALISATIONS = 99_999  # five digits: what sorts as a number in a range key
