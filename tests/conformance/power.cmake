qd_python_test(conformance_power SCRIPT power.py TIMEOUT 180 LABEL conformance)
