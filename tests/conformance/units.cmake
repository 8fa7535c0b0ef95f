qd_python_test(conformance_units SCRIPT units.py TIMEOUT 300 LABEL conformance)
