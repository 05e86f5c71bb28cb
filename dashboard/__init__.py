"""The dashboard: pages on the published copy. Questions, charts and wording are modules that need no browser."""
