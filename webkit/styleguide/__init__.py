"""The design system on one page, for those who build on it. Development only."""
