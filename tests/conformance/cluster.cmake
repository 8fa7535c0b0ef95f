# Consensus, disks and keys of real nodes. Units on them: units.cmake.
qd_python_test(conformance_replication SCRIPT replication.py TIMEOUT 300 LABEL conformance)
