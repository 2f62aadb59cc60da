"""Storage in a folder of this machine."""
