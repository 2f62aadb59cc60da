"""The small Flask core: nothing here knows what a proposal is."""
