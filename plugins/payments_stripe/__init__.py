"""Takes payments through Stripe Checkout, on the account of whoever runs the platform."""
