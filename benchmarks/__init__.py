"""What is promised of cost, measured: `python -m benchmarks` prints one table; name cases to measure only those."""
