# Real agents that die and freeze under writing clients; `nemesis.py --acts 500` for a night.
qd_python_test(conformance_nemesis SCRIPT nemesis.py TIMEOUT 240 LABEL conformance)
qd_python_test(conformance_register_history SCRIPT register_history_test.py LABEL conformance)
