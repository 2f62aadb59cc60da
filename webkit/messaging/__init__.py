"""Mail that leaves: written by features, rendered and sent by jobs, told truthfully."""
