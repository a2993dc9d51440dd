"""Tests on sequences of counts that may be looked at as often as one likes: is one arm worse than the other, and since when?"""
