qd_python_test(conformance_transient SCRIPT transient.py TIMEOUT 120 LABEL conformance)
