# Who may reboot: locksmith's lock in the store, on nodes that do reboot.
qd_python_test(conformance_reboot_lock SCRIPT reboot_lock.py TIMEOUT 240 LABEL conformance)
