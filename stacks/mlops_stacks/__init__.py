"""The building blocks of an ML platform, as Pulumi components."""
