qd_python_test(conformance_operators SCRIPT operators.py TIMEOUT 120 LABEL conformance)
