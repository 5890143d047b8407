"""``metadata/master_index.db``: the truth of a library, in SQLite.

One file holds the index, the statements, the issues, the ledger and the runs, so that one transaction can
change them together.
"""
