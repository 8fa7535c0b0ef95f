qd_python_test(conformance_mounts SCRIPT mounts.py TIMEOUT 120 LABEL conformance)
