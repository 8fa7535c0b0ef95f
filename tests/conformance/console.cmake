qd_python_test(gui_console SCRIPT console.py TIMEOUT 400 LABEL gui)
qd_python_test(gui_pictures SCRIPT console_pictures.py TIMEOUT 600 LABEL gui)
