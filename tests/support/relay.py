# SPDX-License-Identifier: GPL-3.0-or-later
"""Between a client and a server: says when the server has begun to answer, which a waiting client does not show."""
import socket
import threading


class Relay:
    """Passes bytes between a client and a server, and notes when the server has begun to answer."""

    def __init__(self, host, port):
        self.server = (host, port)
        self.answered = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.server)
            threading.Thread(target=self.carry, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self.carry, args=(server, client, self.answered), daemon=True).start()

    @staticmethod
    def carry(source, target, noted):
        try:
            while data := source.recv(65536):
                target.sendall(data)
                if noted:
                    noted.set()
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
