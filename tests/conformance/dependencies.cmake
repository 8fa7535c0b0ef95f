qd_python_test(conformance_dependencies SCRIPT dependencies.py TIMEOUT 120 LABEL conformance)
