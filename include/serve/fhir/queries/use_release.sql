select set_config('star.as_of', :release, true);
