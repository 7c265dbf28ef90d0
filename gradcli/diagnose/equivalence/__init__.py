"""Whether two expressions agree in value and gradient: at a point, beside it, and at the truth."""
