qd_python_test(conformance_systemctl SCRIPT systemctl.py TIMEOUT 180 LABEL conformance)
