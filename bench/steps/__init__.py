"""How quickly one step follows the other, and how many writes of the status a step costs."""
