"""Programs run by the embedded preview, and what it says about them."""
