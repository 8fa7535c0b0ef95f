qd_python_test(conformance_members_api SCRIPT members_api.py TIMEOUT 240 LABEL conformance)
