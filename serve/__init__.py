"""Marts to people: the only code beside dbt that reads marts."""
