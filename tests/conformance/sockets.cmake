qd_python_test(conformance_sockets SCRIPT sockets.py TIMEOUT 120 LABEL conformance)
