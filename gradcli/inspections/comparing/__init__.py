"""How `compare` runs two sides at shared inputs, and when their numbers count as different."""
