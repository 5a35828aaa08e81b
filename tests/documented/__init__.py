"""What the documents tell people to type, and what it does: collected from the pages, and run."""
