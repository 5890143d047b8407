"""What a library holds: rows in the database, and the CSV and Parquet made of them."""
