"""What people are alerted to: the declared types, how events of them are found, recorded and delivered.

Nothing here knows Airflow: which routes there are, and how a message is sent, the caller says.
"""
