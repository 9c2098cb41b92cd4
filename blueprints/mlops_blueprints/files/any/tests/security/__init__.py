"""What a judge says that is not ours: checkov, over the plans and the files of this repository (docs/security.md)."""
