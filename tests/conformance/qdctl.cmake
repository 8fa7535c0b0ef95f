qd_python_test(conformance_qdctl SCRIPT qdctl.py TIMEOUT 240 LABEL conformance)
