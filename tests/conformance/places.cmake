qd_python_test(conformance_places SCRIPT places.py TIMEOUT 120 LABEL conformance)
