"""What an object costs while nothing happens to it."""
