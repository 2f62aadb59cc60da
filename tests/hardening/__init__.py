"""What a hostile person tries: wrong sites, wrong addresses, wrong files, wrong texts."""
