qd_python_test(conformance_clone SCRIPT clone.py TIMEOUT 1800 LABEL conformance)
