# Acceptance of the cluster as a whole. Units on it: units.cmake.
qd_python_test(conformance_replication SCRIPT replication.py TIMEOUT 300 LABEL conformance)
