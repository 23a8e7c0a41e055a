"""What must hold before a study is published, and where the rows go that break it."""
