"""Invented input: every feed in its true layout, oddities included. The bundled sample comes from here."""
