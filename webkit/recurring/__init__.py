"""What happens by the calendar: invoices that come again, reminders of those that wait, and what lies ahead."""
