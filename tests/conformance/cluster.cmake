# Consensus, disks and keys of real nodes. Units on them: units.cmake.
qd_python_test(conformance_replication SCRIPT replication.py TIMEOUT 300 LABEL conformance)
qd_python_test(conformance_durability SCRIPT durability.py TIMEOUT 180 LABEL conformance)
qd_python_test(conformance_tls SCRIPT tls.py TIMEOUT 120 LABEL conformance)
qd_python_test(conformance_local SCRIPT local.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_roles SCRIPT roles.py TIMEOUT 180 LABEL conformance)
qd_python_test(conformance_loss SCRIPT loss.py TIMEOUT 240 LABEL conformance)
