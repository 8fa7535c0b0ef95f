qd_python_test(conformance_statistics SCRIPT statistics_api.py TIMEOUT 180 LABEL conformance)
