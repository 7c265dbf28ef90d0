"""What an audit of the installed PyTorch finds, function by function: docs/precision.md (`make precision`)."""
