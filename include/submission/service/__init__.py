"""ImmPort's upload service and batch updater: what they are asked, what they answer, what is sent to them."""
