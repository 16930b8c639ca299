"""What the appointment service takes in and gives out, by subject."""
