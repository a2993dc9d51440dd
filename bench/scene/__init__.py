"""What modes and outages cost on the real scene, with SafeRollout and by a plain rolling update."""
