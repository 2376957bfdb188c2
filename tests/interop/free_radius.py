"""FreeRADIUS on the inside host of two_hosts, with a configuration of its own: what it knows of users, and what it has seen.

    server = free_radius.FreeRadius(net)     # on 10.1.1.10, ports 1812 and 1813, secret testing123
    server.stop()
"""

import os
import shutil
import subprocess

import two_hosts

CONFIG = """
prefix = /usr
name = freeradius
localstatedir = {dir}
logdir = {dir}
run_dir = {dir}
raddbdir = {dir}
confdir = {dir}
libdir = /usr/lib/freeradius
pidfile = {dir}/pid
max_request_time = 5
security {{
  allow_core_dumps = no
  status_server = no
}}
log {{
  destination = files
  file = {dir}/radius.log
  auth = yes
}}
client asa {{
  ipaddr = 10.1.1.1
  secret = {secret}
  require_message_authenticator = yes
}}
thread pool {{
  start_servers = 1
  max_servers = 2
  min_spare_servers = 1
  max_spare_servers = 2
}}
modules {{
  always handled {{
    rcode = handled
  }}
  always reject {{
    rcode = reject
  }}
  pap {{
  }}
  mschap {{
  }}
  files {{
    usersfile = {dir}/users
  }}
  detail {{
    filename = {dir}/detail
  }}
  eap {{
    default_eap_type = {method}
    md5 {{
    }}
    mschapv2 {{
    }}
{tls}
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 10.1.1.10
    port = 1812
  }}
  listen {{
    type = acct
    ipaddr = 10.1.1.10
    port = 1813
  }}
  authorize {{
{first}
    files
    mschap
    eap {{
      ok = return
    }}
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
    Auth-Type MS-CHAP {{
      mschap
    }}
    eap
  }}
  accounting {{
    detail
  }}
}}
"""
TLS = """
    tls-config common {{
      private_key_file = {pki}/radius.key
      certificate_file = {pki}/radius.pem
      ca_file = {pki}/ca.pem
      cipher_list = "DEFAULT"
      tls_min_version = "1.2"
      tls_max_version = "1.2"
    }}
    tls {{
      tls = common
    }}
"""


def installed():
    return shutil.which("freeradius") is not None


class FreeRadius:
    def __init__(self, net, users, method="mschapv2", secret="testing123", pki="", first=""):
        """`first`: what a request goes through before its user is looked up."""
        self.net, self.dir = net, os.path.join(net.state, "radius")
        os.makedirs(self.dir, exist_ok=True)
        tls = TLS.format(pki=pki) if pki else ""
        for name, text in (("radiusd.conf", CONFIG.format(dir=self.dir, secret=secret, method=method, tls=tls, first=first)), ("users", users)):
            with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
                f.write(text)
        shutil.copy("/etc/freeradius/3.0/dictionary", self.dir)
        with open(os.path.join(self.dir, "out"), "w", encoding="utf-8") as out:
            self.process = net.start("client", "freeradius", "-f", "-d", self.dir, stdout=out, stderr=out)
        if not two_hosts.until(lambda: "Ready to process requests" in self.log() or self.process.poll() is not None) or self.process.poll() is not None:
            raise RuntimeError("freeradius did not start: " + self.log())

    def read(self, name):
        try:
            with open(os.path.join(self.dir, name), encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def log(self):
        return self.read("radius.log") + self.read("out")

    def accounting(self):
        return self.read("detail")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
