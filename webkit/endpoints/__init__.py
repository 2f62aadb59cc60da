"""Addresses of an agency's own systems that are told what happens: webhooks that go out."""
