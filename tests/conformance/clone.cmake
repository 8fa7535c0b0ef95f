qd_python_test(conformance_clone SCRIPT clone.py TIMEOUT 1800 LABEL conformance)
qd_python_test(conformance_qd_script SCRIPT qd_script.py TIMEOUT 120 LABEL conformance)
