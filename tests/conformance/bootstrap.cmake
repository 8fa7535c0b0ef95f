# How clusters begin by etcd's flags, and machines that are no members.
qd_python_test(conformance_bootstrap SCRIPT bootstrap.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_discovery SCRIPT discovery.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_srv SCRIPT srv.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_proxy SCRIPT proxy.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_proxy_flags SCRIPT proxy_flags.py TIMEOUT 120 LABEL conformance)
qd_python_test(conformance_recovery SCRIPT recovery.py TIMEOUT 240 LABEL conformance)
