"""What the prescription service takes in and gives out, by subject."""
