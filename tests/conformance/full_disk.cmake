# Disks of 64 MiB that fill up.
qd_python_test(conformance_full_disk SCRIPT full_disk.py TIMEOUT 180 LABEL conformance)
