"""From a bound expression to evidence, findings and fixes: runs the recordings and asks the rules."""
