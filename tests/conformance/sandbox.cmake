qd_python_test(conformance_sandbox SCRIPT sandbox.py TIMEOUT 120 LABEL conformance)
