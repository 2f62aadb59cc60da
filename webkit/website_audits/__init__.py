"""Website audits: what a service measured on a client's site, with units and thresholds, and never a guess."""
