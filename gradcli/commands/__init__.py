"""What each command asks for, declared once for the command line, the Python functions and `batch`."""
