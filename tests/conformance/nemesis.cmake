# Real agents under kills, freezes, cut networks, full disks and failing syncs, while clients write; each act once. A long
# run: `nemesis.py --acts 1000 --seed S` (docs/architecture.md 5).
qd_python_test(conformance_nemesis SCRIPT nemesis.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_register_history SCRIPT register_history_test.py LABEL conformance)
# The worst moments one by one: around renames, without a network or a disk.
qd_python_test(conformance_failpoints SCRIPT failpoints.py TIMEOUT 180 LABEL conformance)
qd_python_test(conformance_cut_off SCRIPT cut_off.py TIMEOUT 240 LABEL conformance)
