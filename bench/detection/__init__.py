"""How often a good release is called bad, and how soon a bad one: the tests of core/statistics in simulated traffic."""
