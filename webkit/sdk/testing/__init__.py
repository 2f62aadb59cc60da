"""Tests for plugins: a contract suite for each capability, and fixtures that come with the installed package.

class TestMyStorage(StorageContract):
    spec = webkit_register_providers()[0]
    environ = {"MY_STORAGE_KEY": "k"}
"""
