"""The tensor expression language: text to nodes, and the catalogue of what can be called."""
