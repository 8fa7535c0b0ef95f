qd_python_test(conformance_etcdctl SCRIPT etcdctl.py TIMEOUT 240 LABEL conformance)
