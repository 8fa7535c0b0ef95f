qd_python_test(conformance_slow_watcher SCRIPT slow_watcher.py TIMEOUT 90 LABEL conformance)
