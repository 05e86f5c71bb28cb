"""Running dbt: builds of what changed, marts as of a moment, documentation; and what failed, in words."""
