qd_python_test(conformance_timers SCRIPT timers.py TIMEOUT 120 LABEL conformance)
