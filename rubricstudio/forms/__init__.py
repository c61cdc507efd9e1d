"""Forms: they parse and validate what a page sends, and keep nothing."""
