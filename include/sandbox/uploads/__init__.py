"""What stands in for ImmPort's upload service and batch updater: workspaces, tickets, reports."""
