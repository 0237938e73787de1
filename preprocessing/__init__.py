"""One preprocessing step for every row: from the published archive to an immutable corpus."""
