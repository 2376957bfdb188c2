"""One running copy of a lab: its namespaces, links, processes and its folder under /run/sallyport-labs.

Everything of an instance can be found again from its id alone: namespaces are called sallyport-ID-NODE, links exist
only inside them, processes are those inside them, files are in the folder. So any later run can take down what a
killed one has left. Not here: scenarios, consoles.
"""

import contextlib
import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import system
from system import LabError

RUN = os.environ.get("SALLYPORT_LABS", "/run/sallyport-labs")
READY_SECONDS = 30
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def programs():
    """Where sallyportd, sallyport and the clients (ipsec-client, acclient) are: SALLYPORT_BIN, or what `cmake --preset release` builds."""
    return os.environ.get("SALLYPORT_BIN") or os.path.join(TOP, ".build", "release")


def build():
    """Builds the programs, unless SALLYPORT_BIN names a folder with built ones."""
    if os.environ.get("SALLYPORT_BIN"):
        return
    folder = programs()
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(os.path.join(folder, "sallyportd")):
        print("labs/lab: building the programs", file=sys.stderr, flush=True)
    with open(os.path.join(folder, ".lab-build.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two labs at once must not build over each other
        if not os.path.exists(os.path.join(folder, "build.ninja")):
            _build_step(["cmake", "--preset", "release"])
        _build_step(["cmake", "--build", "--preset", "release", "--target", "sallyportd", "sallyport", "ipsec-client", "acclient", "--", "-j2"])


def _build_step(command):
    if os.isatty(2):
        done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=2, check=False)
    else:
        done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        if done.returncode != 0:
            os.write(2, done.stdout.encode())
    if done.returncode != 0:
        raise LabError(f"the build failed: {shlex.join(command)}")


@contextlib.contextmanager
def _locked(name):
    os.makedirs(RUN, mode=0o700, exist_ok=True)
    with open(os.path.join(RUN, name), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _registry():
    """Holds the lock under which instances appear and disappear, and with them what all of them share: /etc/netns."""
    return _locked(".lock")


class Instance:
    def __init__(self, instance_id, lab_name, lab_folder, owner=None):
        self.id = instance_id
        self.lab_name = lab_name
        self.lab_folder = lab_folder
        self.owner = owner  # (pid, start time) of the runner that will take it down; None: stays until `down`
        self.folder = os.path.join(RUN, instance_id)

    # --- names
    def namespace(self, node_name):
        return f"sallyport-{self.id}-{node_name}"

    def node_folder(self, node_name):
        return os.path.join(self.folder, node_name)

    def state(self, node_name):
        return os.path.join(self.node_folder(node_name), "state")

    def inside(self, node_name, command):
        return ["ip", "netns", "exec", self.namespace(node_name), *command]

    # --- life
    @classmethod
    def claim(cls, lab, instance_id, attached):
        """Takes the id for a new instance. `attached`: it ends with this process."""
        owner = (os.getpid(), system.start_time(os.getpid())) if attached else None
        instance = cls(instance_id, lab.name, lab.folder, owner)
        with _registry():
            try:
                os.mkdir(instance.folder, mode=0o700)
            except FileExistsError as error:
                raise LabError(f"{instance_id} is up already; take it down (labs/lab down -i {instance_id}), "
                               "or give the new one another name with -i") from error
            with open(os.path.join(instance.folder, "instance.json"), "w", encoding="utf-8") as out:
                json.dump({"lab": lab.name, "folder": lab.folder, "owner": owner}, out)
        return instance

    def up(self, lab):
        """Makes nodes and links, starts appliances and services, returns when all of them are ready."""
        for node in lab.nodes.values():
            self._make_namespace(lab, node)
        for (node_a, link_a), (node_b, link_b) in lab.links:
            system.run(["ip", "link", "add", link_a, "netns", self.namespace(node_a), "type", "veth",
                        "peer", "name", link_b, "netns", self.namespace(node_b)])
        daemons = [(node, self._start_appliance(node)) for node in lab.appliances()]
        services = []
        for node in lab.nodes.values():
            if node.kind == "host":
                self._configure_host(node)
                services += [(node, service, self._start_service(lab, node, service)) for service in node.services]
        for node, daemon in daemons:
            self._wait_for_daemon(node, daemon)
        for node, service, process in services:
            if service.ready:
                log = os.path.join(self.node_folder(node.name), f"{service.name}.log")
                system.wait_for(f"{node.name}: service {service.name}",
                                lambda p=process, s=service: system.listens(p.pid, *s.ready), READY_SECONDS,
                                lambda p=process, log=log: _ended(p, log))

    def down(self):
        """Ends every process, removes every namespace (and so every link) and file. Safe to repeat."""
        prefix = self.namespace("")
        for name in system.namespaces(prefix):
            system.end_processes(name)
            subprocess.run(["ip", "netns", "del", name], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            shutil.rmtree(os.path.join("/etc/netns", name), ignore_errors=True)
        with _registry():
            with contextlib.suppress(OSError):
                os.rmdir("/etc/netns")
            shutil.rmtree(self.folder, ignore_errors=True)
        left = system.namespaces(prefix)
        if left or os.path.exists(self.folder):
            raise LabError(f"could not remove {', '.join(left) or self.folder}")

    def is_stale(self):
        """Its runner is gone without having taken it down."""
        return self.owner is not None and system.start_time(self.owner[0]) != self.owner[1]

    # --- parts of up
    def _make_namespace(self, lab, node):
        name = self.namespace(node.name)
        os.mkdir(self.node_folder(node.name), mode=0o700)
        # Names resolve from the hosts file only: a look-up that goes out would be traffic nobody asked for.
        etc = os.path.join("/etc/netns", name)
        hosts = "".join(f"{address.partition('/')[0]} {other.name}\n"
                        for other in lab.nodes.values() for _, address in other.addresses)
        files = {"hosts": "127.0.0.1 localhost\n" + hosts, "nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n"}
        for file_name, text in files.items():
            if os.path.exists(os.path.join("/etc", file_name)):
                with _registry():
                    os.makedirs(etc, exist_ok=True)
                with open(os.path.join(etc, file_name), "w", encoding="utf-8") as out:
                    out.write(text)
        system.run(["ip", "netns", "add", name])
        system.run(["ip", "-n", name, "link", "set", "lo", "up"])
        if not any(":" in address for _, address in node.addresses):
            # Without IPv6 addresses a node says nothing in IPv6: no router solicitations among the counters.
            system.run(self.inside(node.name, ["sh", "-c", "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do "
                                                           "[ ! -e $f ] || echo 1 > $f; done"]))

    def _configure_host(self, node):
        name = self.namespace(node.name)
        for link, address in node.addresses:
            system.run(["ip", "-n", name, "addr", "add", address, "dev", link])
        for link in node.links.values():
            system.run(["ip", "-n", name, "link", "set", link, "up"])
        for prefix, gateway in node.routes:
            system.run(["ip", "-n", name, "route", "add", prefix, "via", gateway])
        for command in node.exec:
            system.run(self.inside(node.name, ["sh", "-c", command]))

    def _start_service(self, lab, node, service):
        return self._spawn(node.name, ["sh", "-c", f"exec {service.command}"], service.name, lab.folder)

    def _start_appliance(self, node):
        daemon = os.path.join(programs(), "sallyportd")
        if not os.access(daemon, os.X_OK):
            raise LabError(f"{daemon} is not there; build it with: cmake --preset release && cmake --build --preset release")
        os.mkdir(self.state(node.name), mode=0o700)
        if node.disk:
            os.mkdir(os.path.join(self.state(node.name), "disk0"), mode=0o700)
        for wanted, path in node.disk.items():
            shutil.copyfile(path, os.path.join(self.state(node.name), "disk0", wanted))
        command = [daemon, "--state", self.state(node.name), "--config", node.startup_config]
        for interface, link in node.links.items():
            command += ["--interface", f"{interface}={link}"]
        return self._spawn(node.name, command, "sallyportd", self.node_folder(node.name))

    def _spawn(self, node_name, command, log_name, folder):
        log = os.path.join(self.node_folder(node_name), f"{log_name}.log")
        with open(log, "wb") as out:
            return subprocess.Popen(self.inside(node_name, command), cwd=folder, stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=subprocess.STDOUT, start_new_session=True)

    def _wait_for_daemon(self, node, process):
        log = os.path.join(self.node_folder(node.name), "sallyportd.log")

        def ready():
            with open(log, encoding="utf-8", errors="replace") as text:
                return any(line.rstrip() == "sallyportd: ready" for line in text)

        system.wait_for(f"{node.name}: sallyportd", ready, READY_SECONDS, lambda: _ended(process, log))


def _ended(process, log):
    if process.poll() is None:
        return None
    with open(log, encoding="utf-8", errors="replace") as text:
        said = text.read().strip()
    return f"it ended with status {process.returncode}" + (f" and said:\n{said}" if said else "")


def instances(lab_name=None):
    """All instances that exist, of one lab or of all."""
    found = []
    with contextlib.suppress(FileNotFoundError, PermissionError):  # only root sees what is up
        for instance_id in sorted(os.listdir(RUN)):
            with contextlib.suppress(OSError, ValueError):
                with open(os.path.join(RUN, instance_id, "instance.json"), encoding="utf-8") as text:
                    data = json.load(text)
                owner = tuple(data["owner"]) if data["owner"] else None
                found.append(Instance(instance_id, data["lab"], data["folder"], owner))
    return [instance for instance in found if lab_name in (None, instance.lab_name)]


def sweep():
    """Takes down what killed runners have left: instances without their owner, namespaces without their folder."""
    if not any(instance.is_stale() for instance in instances()):
        return
    with _locked(".sweep"):  # one at a time: others may be sweeping the same
        for instance in instances():
            if instance.is_stale():
                instance.down()


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """One of SIGNALS has come. From here on they are ignored, so that nothing cuts short what takes the lab down."""

    def __init__(self, signum):
        super().__init__(signum)
        self.signum = signum

    @classmethod
    def install(cls):
        def handle(signum, _):
            for one in SIGNALS:
                signal.signal(one, signal.SIG_IGN)
            raise cls(signum)

        for one in SIGNALS:
            signal.signal(one, handle)


@contextlib.contextmanager
def launched(lab, instance_id, attached):
    """An instance that is up. It ends with this block if it is attached, or if anything goes wrong in the block."""
    sweep()
    # A signal may come at any time, but not between the claim and the `try` that answers for it.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        instance = Instance.claim(lab, instance_id, attached)
    except BaseException:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        raise
    keep = False
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        instance.up(lab)
        yield instance
        keep = not attached
    finally:
        if not keep:
            with uninterrupted():
                instance.down()


def temporary(lab, instance_id):
    """An instance of this process, which ends with the block."""
    return launched(lab, instance_id or f"{lab.name}-p{os.getpid()}", attached=True)


@contextlib.contextmanager
def uninterrupted():
    """Taking down must not be cut short."""
    before = [signal.signal(signum, signal.SIG_IGN) for signum in SIGNALS]
    try:
        yield
    finally:
        for signum, handler in zip(SIGNALS, before):
            signal.signal(signum, handler)


def scratch(instance, name):
    return tempfile.mkdtemp(prefix=f"{name}-", dir=instance.folder)
