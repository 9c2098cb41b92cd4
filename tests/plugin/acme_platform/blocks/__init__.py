"""The ML platform of acme."""
