"""The checks of a package, a module for each kind of rule."""
