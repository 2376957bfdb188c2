"""Drives a lab's scenario.exp against a running instance and compares each transcript with expected/NAME.txt."""

import os
import shutil
import signal
import subprocess
import threading

import instance as instances
import system
import transcript
from system import LabError

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab.exp")
SCENARIO_SECONDS = 300


class Result:
    def __init__(self, name, title, difference):
        self.name = name
        self.title = title
        self.difference = difference  # lines; empty: as expected


def drive(lab, running, show=None, keep=None):
    """Yields one Result for each expectation as soon as it is known; `show(name, title, text)` sees each transcript.

    `keep`: a folder that gets copies of the transcripts."""
    out = instances.scratch(running, "transcripts")
    environment = dict(os.environ, LAB_OUT=out, LAB_BIN=instances.programs(), LAB_FOLDER=running.folder,
                       LAB_NAMESPACE=running.namespace(""), LC_ALL="C.UTF-8", TZ="UTC")
    for node in lab.appliances():
        environment[f"LAB_ENABLE_{node.name.replace('-', '_')}"] = node.enable
    expected_folder = lab.path("expected")
    pending = sorted(name[:-4] for name in os.listdir(expected_folder) if name.endswith(".txt")) \
        if os.path.isdir(expected_folder) else []
    with open(os.path.join(out, "problems"), "w+", encoding="utf-8", errors="replace") as problems:
        process = subprocess.Popen(["expect", "-f", LIBRARY, lab.path("scenario.exp")], cwd=lab.folder, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=problems, text=True,
                                   errors="replace", start_new_session=True, preexec_fn=system.die_with_parent)
        watchdog = threading.Timer(SCENARIO_SECONDS, lambda: os.killpg(process.pid, signal.SIGKILL))
        watchdog.start()
        try:
            for line in process.stdout:
                name, tab, title = line.rstrip("\n").partition("\t")
                if not tab:
                    print(line, end="")  # a scenario's own puts
                    continue
                with open(os.path.join(out, f"{name}.txt"), encoding="utf-8", errors="replace") as text:
                    actual = text.read()
                if show:
                    show(name, title, actual)
                if keep:
                    os.makedirs(keep, exist_ok=True)
                    shutil.copy(os.path.join(out, f"{name}.txt"), keep)
                if name in pending:
                    pending.remove(name)
                yield Result(name, title, _difference(expected_folder, name, actual, lab.masks))
            process.wait()
        finally:
            watchdog.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        problems.seek(0)
        said = problems.read().strip()
    for name in pending:
        yield Result(name, "", ["    the scenario never came to it"])
    if process.returncode != 0:
        how = f"was ended after {SCENARIO_SECONDS} seconds" if process.returncode < 0 else f"ended with {process.returncode}"
        raise LabError(f"{lab.path('scenario.exp')} {how}: {said or 'it said nothing'}")


def _difference(folder, name, actual, masks):
    try:
        with open(os.path.join(folder, f"{name}.txt"), encoding="utf-8") as text:
            expected = text.read()
    except FileNotFoundError:
        return [f"    there is no expected/{name}.txt; what came:", *(f"    + {line}" for line in actual.splitlines())]
    return transcript.compare(expected, actual, masks)
