"""What operators do from the pages: each action is a run of a DAG, under their own login, with a reason."""
