"""Files of changes for ImmPort's batch updater: how they are read, checked and made ready to be sent."""
