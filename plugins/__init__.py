"""Provider plugins, one folder each."""
