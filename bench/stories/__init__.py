"""Stories of releases: what happens in them, how each has to end, and what a namespace looks like while they are played."""
