"""Who works in an agency: invitations, roles, ownership."""
