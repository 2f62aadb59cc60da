"""Recording money that no payment service tells of, putting it on invoices, and the credit of clients."""
