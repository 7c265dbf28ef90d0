"""The chunks of an audit, wherever they are counted."""
