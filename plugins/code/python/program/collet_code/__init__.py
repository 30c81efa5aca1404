"""What code is run with that a client wrote and that calls tools of a server (Python 3.8 or newer)."""
