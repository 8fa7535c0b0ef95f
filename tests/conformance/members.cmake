# Who leads and who belongs: changes of both on real nodes.
qd_python_test(conformance_members SCRIPT members.py TIMEOUT 240 LABEL conformance)
