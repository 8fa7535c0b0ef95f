qd_python_test(conformance_devices SCRIPT devices.py TIMEOUT 120 LABEL conformance)
