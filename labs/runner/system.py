"""What the runner asks of the operating system: commands, processes, waiting for a state.

Not here: anything that knows what a lab is.
"""

import ctypes
import os
import shlex
import signal
import subprocess
import time


class LabError(Exception):
    """A sentence for the user; the runner prints it and exits with status 1."""


def run(command, **kwargs):
    """Runs a command (a list) and returns its standard output; its failure is a LabError."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, **kwargs)
    except OSError as error:
        raise LabError(f"{shlex.join(command)}: {error.strerror}") from error
    if done.returncode != 0:
        raise LabError(f"{shlex.join(command)}: {done.stdout.strip() or f'exit status {done.returncode}'}")
    return done.stdout


def wait_for(what, state, seconds, give_up=None):
    """Polls `state()` until it is true; `give_up()` may name a reason to stop early. Bounded by `seconds`."""
    end = time.monotonic() + seconds
    while not state():
        reason = give_up() if give_up else None
        if reason:
            raise LabError(f"{what}: {reason}")
        if time.monotonic() > end:
            raise LabError(f"{what}: not there after {seconds} seconds")
        time.sleep(0.05)


def start_time(pid):
    """When a process started, in clock ticks since boot: with the pid it names one process for good. None: no such."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return int(stat.read().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def die_with_parent():
    """For preexec_fn: the kernel ends the child when the runner is gone, however that happened."""
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def namespaces(prefix):
    try:
        return sorted(name for name in os.listdir("/run/netns") if name.startswith(prefix))
    except FileNotFoundError:
        return []


def pids_in(namespace):
    done = subprocess.run(["ip", "netns", "pids", namespace], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return [int(pid) for pid in done.stdout.split()]


def end_processes(namespace, grace=5):
    """Ends all that runs in a namespace of ours: politely, and by force after `grace` seconds."""
    for signum, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, grace)):
        end = time.monotonic() + seconds
        signalled = set()
        while pids := pids_in(namespace):
            for pid in set(pids) - signalled:
                signalled.add(pid)
                try:
                    os.kill(pid, signum)
                except ProcessLookupError:
                    pass
            if time.monotonic() > end:
                break
            reap()
            time.sleep(0.02)
        else:
            return


def reap():
    """Collects children that have ended, so that they do not count as running."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def listens(pid, protocol, port):
    """True when a socket listens on the port in the network namespace of the process. Sends no packet."""
    wanted_state = {"tcp": "0A", "udp": "07"}[protocol]
    for family in ("", "6"):
        try:
            with open(f"/proc/{pid}/net/{protocol}{family}", encoding="ascii") as table:
                rows = table.read().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == wanted_state and int(fields[1].rpartition(":")[2], 16) == port:
                return True
    return False
