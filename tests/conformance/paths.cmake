qd_python_test(conformance_paths SCRIPT paths.py TIMEOUT 120 LABEL conformance)
