"""Personal data: a register of it, its erasure by retention class, and the receipt of that."""
