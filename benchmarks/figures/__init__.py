"""What the scripts of the paper's three figures share."""
