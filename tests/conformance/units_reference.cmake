# Unit sets with what systemd 252 said to them. With systemd itself: units_reference.py --live.
qd_python_test(conformance_units_reference SCRIPT units_reference.py TIMEOUT 300 LABEL conformance)
