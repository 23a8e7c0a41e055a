"""The downloads of `immport_files`: which files, divided into batches, brought to the storage."""
