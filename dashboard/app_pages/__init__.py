"""A script per page; each reads top to bottom as the page does."""
