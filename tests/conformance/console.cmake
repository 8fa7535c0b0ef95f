qd_python_test(gui_console SCRIPT console.py TIMEOUT 400 LABEL gui)
