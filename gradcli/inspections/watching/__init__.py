"""A program under watch: how it is run, what looks at its backward passes, and what is found in a step."""
