qd_python_test(conformance_auth SCRIPT auth_api.py TIMEOUT 180 LABEL conformance)
qd_python_test(conformance_client_tls SCRIPT client_tls.py TIMEOUT 240 LABEL conformance)
