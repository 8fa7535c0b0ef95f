qd_python_test(conformance_keys_api SCRIPT keys_api.py TIMEOUT 600 LABEL conformance)
