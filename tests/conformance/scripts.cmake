qd_python_test(gui_scripts SCRIPT scripts.py TIMEOUT 300 LABEL gui)
