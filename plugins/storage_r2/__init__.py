"""Storage at Cloudflare R2, or at anybody else who speaks S3."""
