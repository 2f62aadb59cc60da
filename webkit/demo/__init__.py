"""A made-up agency with a past: clients, and deals in every state, done through the services as people do them."""
