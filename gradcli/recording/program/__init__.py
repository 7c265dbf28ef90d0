"""A tape of a user's program: its operations are logged as they are made, and one step of training is run again."""
