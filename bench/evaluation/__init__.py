"""What one evaluation of a big release costs: queries, processor time, memory."""
