"""Making runs: one in this process, or many, each in a process of its own."""
