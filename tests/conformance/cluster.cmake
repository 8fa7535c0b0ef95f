# Acceptance of the cluster as a whole. cluster_units.py joins when the unit engine's program is there.
qd_python_test(conformance_replication SCRIPT replication.py TIMEOUT 300 LABEL conformance)
