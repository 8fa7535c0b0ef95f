# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as an operator makes them, by openssl: an authority, servers, clients."""
import os
import ssl
import subprocess


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {' '.join(words)} exited {done.returncode}: {done.stderr}")


NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """An authority in a folder; `certificate` is the path of its PEM."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.certificate = os.path.join(folder, f"{name}.crt")
        self.key = os.path.join(folder, f"{name}.key")
        openssl("req", "-x509", *NEW_KEY, "-keyout", self.key, "-out", self.certificate, "-subj", f"/CN={name}",
                "-days", "2")

    def issue(self, name, *addresses):
        """Paths of a certificate and its key; the common name is `name`."""
        stem = os.path.join(self.folder, f"{os.path.basename(self.certificate)[:-4]}-{name}")
        openssl("req", *NEW_KEY, "-keyout", f"{stem}.key", "-out", f"{stem}.csr", "-subj", f"/CN={name}")
        with open(f"{stem}.ext", "w", encoding="ascii") as file:
            file.write("subjectAltName=" + ",".join([f"DNS:{name}", *(f"IP:{each}" for each in addresses)]) + "\n")
        openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", "2", "-extfile", f"{stem}.ext", "-out", f"{stem}.crt")
        return f"{stem}.crt", f"{stem}.key"

    def client(self, papers=None):
        """What a client needs that believes this authority; `papers` are its own certificate and key."""
        context = ssl.create_default_context(cafile=self.certificate)
        if papers:
            context.load_cert_chain(*papers)
        return context
