# The store's members restarted one after the other, while it is written to.
qd_python_test(conformance_rolling_restart SCRIPT rolling_restart.py TIMEOUT 240 LABEL conformance)
