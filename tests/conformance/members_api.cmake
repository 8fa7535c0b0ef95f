# etcd's API and etcdctl's commands for members: removal, and growth.
qd_python_test(conformance_members_api SCRIPT members_api.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_members_grow SCRIPT members_grow.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_joins SCRIPT joins.py TIMEOUT 180 LABEL conformance)
