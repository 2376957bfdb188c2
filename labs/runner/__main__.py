"""labs/lab: brings a lab up, drives it, opens its console, takes it down. labs/README.md describes labs."""

import argparse
import os
import signal
import subprocess
import sys

import instance as instances
import scenario
import system
import topology
from system import LabError

VERBS = ("check", "up", "down", "exec", "console", "list")


def main():
    instances.Interrupted.install()
    words = sys.argv[1:]
    if words and words[0] not in VERBS and not words[0].startswith("-"):
        words = ["run", *words]
    parser = arguments()
    if not words:
        parser.print_help()
        return 2
    options = parser.parse_args(words)
    try:
        return options.verb(options) or 0
    except LabError as error:
        sys.stdout.flush()
        print(f"labs/lab: {error}", file=sys.stderr)
        return 1
    except instances.Interrupted as interrupted:
        print("labs/lab: interrupted", file=sys.stderr)
        return 128 + interrupted.signum
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def arguments():
    parser = argparse.ArgumentParser(
        prog="labs/lab", description="Runs a lab: hosts and appliances in network namespaces of this machine.",
        epilog="labs/lab NAME [-i ID]   up, console, down; without a terminal it drives the scenario instead")
    verbs = parser.add_subparsers(dest="", metavar="VERB", required=True)

    def add(name, verb, help_text, lab_nargs=None):
        sub = verbs.add_parser(name, **({"help": help_text} if help_text else {}))
        sub.set_defaults(verb=verb)
        if name != "list":
            sub.add_argument("-i", "--instance", metavar="ID", help="name of the instance, when several are up")
            sub.add_argument("lab", nargs=lab_nargs, metavar="NAME", help="a folder of labs/, or a path with a slash")
        return sub

    add("run", verb_run, None)
    check = add("check", verb_check, "up, drive the scenario, compare with what is expected, down", "+")
    check.add_argument("-k", "--keep", metavar="DIR", help="copy the transcripts to this folder")
    add("up", verb_up, "bring a lab up and leave it running")
    add("down", verb_down, "take a lab down, and whatever killed runs have left", "?")
    execute = add("exec", verb_exec, "run a command on a node: exec NAME NODE -- CMD")
    execute.add_argument("node")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    console = add("console", verb_console, "open the console of an appliance")
    console.add_argument("node", nargs="?")
    add("list", verb_list, "the labs there are, and what is up")
    return parser


def verb_run(options):
    lab = topology.load(options.lab)
    if lab.appliances():
        instances.build()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return 0 if check_one(lab, options.instance, show=print_transcript) else 1
    with instances.temporary(lab, options.instance) as running:
        print(f"{lab.description}\n")
        for node, command in lab.traffic:
            print(f"{node}$ {command}", flush=True)
            subprocess.run(running.inside(node, ["sh", "-c", command]), cwd=lab.folder, stdin=subprocess.DEVNULL, check=False)
        appliances = lab.appliances()
        if not appliances:
            raise LabError(f"{lab.name} has no appliance, so there is no console to open")
        print(f"\nA host's shell, from another terminal:  labs/lab exec {lab.name} {_first_host(lab)} -- bash")
        return open_console(running, appliances[0])


def _first_host(lab):
    return next((node.name for node in lab.nodes.values() if node.kind == "host"), "NODE")


def open_console(running, node):
    if node.enable:
        print(f"The console of {node.name}; the enable password is {node.enable}, `exit` leaves.\n", flush=True)
    # Ctrl-C belongs to the console while it is open.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run([os.path.join(instances.programs(), "sallyport"), "--state", running.state(node.name)],
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), check=False).returncode
    except OSError as error:
        raise LabError(f"{error.filename}: {error.strerror}") from error
    finally:
        signal.signal(signal.SIGINT, before)


def verb_check(options):
    labs = [topology.load(name) for name in options.lab]
    if any(lab.appliances() for lab in labs):
        instances.build()
    held = True
    for lab in labs:
        held = check_one(lab, options.instance, keep=options.keep) and held
    return 0 if held else 1


def check_one(lab, instance_id, show=None, keep=None):
    ok = failed = 0
    try:
        with instances.temporary(lab, instance_id) as running:
            for result in scenario.drive(lab, running, show, keep):
                ok += not result.difference
                failed += bool(result.difference)
                print(f"{'FAILED' if result.difference else 'ok':6} {lab.name}: {result.name}"
                      + (f": {result.title}" if result.title else ""), flush=True)
                for line in result.difference:
                    print(line, flush=True)
    except LabError as error:
        print(f"FAILED {lab.name}: {error}", flush=True)
        failed += 1
    print(f"{lab.name}: {ok} expectations held, {failed} failed", flush=True)
    return failed == 0 and ok > 0


def print_transcript(name, title, text):
    print(f"\n=== {title or name}\n{text}", end="")


def verb_up(options):
    lab = topology.load(options.lab)
    if lab.appliances():
        instances.build()
    with instances.launched(lab, options.instance or lab.name, attached=False) as running:
        pass
    print(f"{running.id} is up: {', '.join(lab.nodes)}; labs/lab down {lab.name} takes it down")
    return 0


def verb_down(options):
    instances.sweep()
    if options.instance:
        chosen = [instances.Instance(options.instance, options.lab, "")]
        if options.instance not in [found.id for found in instances.instances()] \
                and not system.namespaces(chosen[0].namespace("")):
            raise LabError(f"no instance is called {options.instance}")
    elif options.lab:
        lab = topology.load(options.lab)
        chosen = [found for found in instances.instances(lab.name) if found.owner is None]
        if not chosen:
            print(f"{lab.name} is not up")
    else:
        chosen = [found for found in instances.instances() if found.owner is None]
    for running in chosen:
        with instances.uninterrupted():
            running.down()
        print(f"{running.id} is down")
    return 0


def _running(options):
    lab = topology.load(options.lab)
    found = [one for one in instances.instances(lab.name) if options.instance in (None, one.id)]
    if not found:
        raise LabError(f"{options.instance or lab.name} is not up; labs/lab up {options.lab} brings it up")
    if len(found) > 1:
        raise LabError(f"several are up, choose one with -i: {', '.join(one.id for one in found)}")
    return lab, found[0]


def _node(lab, name):
    if name not in lab.nodes:
        raise LabError(f"{lab.name} has no node {name}; it has: {', '.join(lab.nodes)}")
    return lab.nodes[name]


def verb_exec(options):
    lab, running = _running(options)
    node = _node(lab, options.node)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise LabError("exec: no command; write it after --")
    inside = running.inside(node.name, command)
    sys.stdout.flush()
    os.execvp(inside[0], inside)


def verb_console(options):
    lab, running = _running(options)
    appliances = lab.appliances()
    node = _node(lab, options.node) if options.node else appliances[0] if appliances else None
    if node is None or node.kind != "asa":
        raise LabError(f"{options.node or lab.name} is no appliance; appliances are: "
                       f"{', '.join(one.name for one in appliances) or 'none'}")
    return open_console(running, node)


def verb_list(_):
    for name in topology.all_labs():
        lab = topology.load(name)
        print(f"{name:16} {lab.description.splitlines()[0] if lab.description else ''}")
        for running in instances.instances(lab.name):
            print(f"{'':16} up: {running.id}" + (", left by a killed run" if running.is_stale() else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
