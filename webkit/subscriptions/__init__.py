"""What agencies pay for the platform, and what that lets them use."""
