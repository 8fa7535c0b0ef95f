qd_python_test(conformance_auth SCRIPT auth_api.py TIMEOUT 180 LABEL conformance)
