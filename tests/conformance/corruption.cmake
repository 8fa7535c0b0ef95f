# A byte that changed on the disk.
qd_python_test(conformance_corruption SCRIPT corruption.py TIMEOUT 120 LABEL conformance)
