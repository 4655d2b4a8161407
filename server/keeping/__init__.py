"""Keeping a county: backups, what must outlast a restore, and erasing what the law asks to be erased."""
