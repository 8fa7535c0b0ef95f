qd_python_test(conformance_differential SCRIPT differential.py TIMEOUT 400 LABEL conformance)
