"""Say what broke: evidence of a release in, one finding out. `diagnose.diagnose` is the way in."""
