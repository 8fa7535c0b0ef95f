# What a node's user-data does.
qd_python_test(conformance_cloud_config SCRIPT cloud_config.py TIMEOUT 180 LABEL conformance)
