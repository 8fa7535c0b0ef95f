qd_python_test(conformance_qdctl SCRIPT qdctl.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_qdctl_units SCRIPT qdctl_units.py TIMEOUT 240 LABEL conformance)
