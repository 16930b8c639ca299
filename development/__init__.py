"""What a developer's machine needs to run and test the clinic; no part of it is deployed."""
