"""Files and interfaces in, raw tables out. Nothing else writes raw."""
