"""Where on a tape a number first is not finite, or a gradient first is zero, and why."""
