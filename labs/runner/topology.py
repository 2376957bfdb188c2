"""A lab folder as data: lab.yml read, checked and turned into plain values.

Field names are containerlab's where the meaning is the same: name, topology.nodes.NAME.{kind, startup-config, exec},
topology.links[].endpoints. labs/README.md describes all of them. Not here: anything that makes a lab run.
"""

import ipaddress
import os
import re
from dataclasses import dataclass, field

import yaml

from system import LabError

LABS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINK_NAME_MAX = 15  # IFNAMSIZ without the final zero


@dataclass
class Service:
    name: str
    command: str
    ready: tuple | None  # ("tcp", 80)


@dataclass
class Node:
    name: str
    kind: str
    links: dict = field(default_factory=dict)      # interface as written -> name of the Linux link
    addresses: list = field(default_factory=list)  # host: (link, "10.1.1.10/24")
    routes: list = field(default_factory=list)     # host: (prefix, gateway)
    services: list = field(default_factory=list)   # host
    exec: list = field(default_factory=list)       # host: commands run once, after addresses and routes
    startup_config: str = ""                       # asa: file, from the lab's folder
    enable: str = ""                               # asa: the enable password that the configuration sets
    disk: dict = field(default_factory=dict)       # asa: name on disk0: -> file, from the lab's folder


@dataclass
class Lab:
    name: str
    folder: str
    description: str
    nodes: dict
    links: list     # ((node, link), (node, link))
    masks: dict     # placeholder -> regular expression, for the expected transcripts
    traffic: list   # (node, command): what `labs/lab NAME` shows before the console opens

    def appliances(self):
        return [node for node in self.nodes.values() if node.kind == "asa"]

    def path(self, name):
        return os.path.join(self.folder, name)


def all_labs():
    return sorted(entry for entry in os.listdir(LABS) if os.path.isfile(os.path.join(LABS, entry, "lab.yml")))


def load(name):
    """Reads labs/NAME/lab.yml, or PATH/lab.yml when the name has a slash."""
    folder = os.path.abspath(name) if "/" in name else os.path.join(LABS, name)
    path = os.path.join(folder, "lab.yml")
    try:
        with open(path, encoding="utf-8") as text:
            data = yaml.safe_load(text)
    except FileNotFoundError as error:
        raise LabError(f"there is no lab called {name}; there are: {', '.join(all_labs())}") from error
    except (OSError, yaml.YAMLError) as error:
        raise LabError(f"{path}: {error}") from error
    try:
        return _lab(folder, data)
    except LabError as error:
        raise LabError(f"{path}: {error}") from error


def _fields(where, data, known):
    if not isinstance(data, dict):
        raise LabError(f"{where}: expected fields, found {data!r}")
    for key in data:
        if key not in known:
            raise LabError(f"{where}: unknown field {key}; known are {', '.join(known)}")
    return data


def _lab(folder, data):
    _fields("lab", data, ("name", "description", "topology", "masks", "traffic"))
    name = str(data.get("name", ""))
    if not re.fullmatch(r"[a-z][a-z0-9.-]{0,30}", name):
        raise LabError(f"name: {name!r} is not a lab name (small letters, digits, hyphens, dots)")
    topology = _fields("topology", data.get("topology"), ("nodes", "links"))
    nodes = {}
    for node_name, node in (topology.get("nodes") or {}).items():
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,20}", str(node_name)):
            raise LabError(f"nodes: {node_name!r} is not a node name")
        nodes[node_name] = _node(folder, node_name, node)
    links = [_link(nodes, link) for link in topology.get("links") or []]
    for node in nodes.values():
        for link, _ in node.addresses:
            if link not in node.links:
                raise LabError(f"nodes.{node.name}.addresses: {link} is not the end of any link")
    traffic = []
    for step in data.get("traffic") or []:
        _fields("traffic", step, ("node", "exec"))
        if step.get("node") not in nodes:
            raise LabError(f"traffic: no node {step.get('node')}")
        traffic.append((step["node"], str(step["exec"])))
    masks = {str(key): str(value) for key, value in (data.get("masks") or {}).items()}
    return Lab(name, folder, str(data.get("description", "")).strip(), nodes, links, masks, traffic)


def _node(folder, name, data):
    where = f"nodes.{name}"
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind == "host":
        _fields(where, data, ("kind", "addresses", "routes", "services", "exec"))
        node = Node(name, kind)
        for link, addresses in (data.get("addresses") or {}).items():
            for address in addresses if isinstance(addresses, list) else [addresses]:
                node.addresses.append((link, _parsed(where, ipaddress.ip_interface, address)))
        for prefix, gateway in (data.get("routes") or {}).items():
            if prefix != "default":
                _parsed(where, ipaddress.ip_network, prefix)
            node.routes.append((prefix, _parsed(where, ipaddress.ip_address, gateway)))
        for service in data.get("services") or []:
            _fields(f"{where}.services", service, ("name", "exec", "ready"))
            ready = None
            for protocol, port in _fields(where, service.get("ready") or {}, ("tcp", "udp")).items():
                ready = (protocol, int(port))
            node.services.append(Service(str(service["name"]), str(service["exec"]), ready))
        node.exec = [str(command) for command in data.get("exec") or []]
        return node
    if kind == "asa":
        _fields(where, data, ("kind", "startup-config", "enable", "disk"))
        config = os.path.join(folder, str(data.get("startup-config", f"{name}.cfg")))
        if not os.path.isfile(config):
            raise LabError(f"{where}.startup-config: there is no file {config}")
        disk = {str(k): os.path.join(folder, str(v)) for k, v in (data.get("disk") or {}).items()}
        for wanted, path in disk.items():
            if "/" in wanted or not os.path.isfile(path):
                raise LabError(f"{where}.disk: {wanted}: there is no file {path}")
        return Node(name, kind, startup_config=config, enable=str(data.get("enable", "")), disk=disk)
    raise LabError(f"{where}.kind: {kind!r} is not host or asa")


def _parsed(where, parse, text):
    try:
        return str(parse(str(text)))
    except ValueError as error:
        raise LabError(f"{where}: {error}") from error


def _link(nodes, data):
    _fields("links", data, ("endpoints",))
    endpoints = data.get("endpoints") or []
    if len(endpoints) != 2:
        raise LabError(f"links: {endpoints!r} is not a pair of endpoints")
    ends = []
    for endpoint in endpoints:
        node_name, _, interface = str(endpoint).partition(":")
        node = nodes.get(node_name)
        if node is None or not interface:
            raise LabError(f"links: {endpoint!r} is not NODE:INTERFACE of a known node")
        if interface in node.links:
            raise LabError(f"links: {endpoint} is used twice")
        link = linux_name(interface)
        if link in node.links.values():
            raise LabError(f"links: {endpoint}: {link} is used twice in {node_name}")
        node.links[interface] = link
        ends.append((node_name, link))
    return tuple(ends)


def linux_name(interface):
    """GigabitEthernet0/0 -> gi0-0: a Linux link has at most 15 characters and no slash."""
    words = (("tengigabitethernet", "te"), ("gigabitethernet", "gi"), ("fastethernet", "fa"), ("ethernet", "et"),
             ("management", "ma"), ("vlan", "vlan"))
    name = interface
    for word, short in words:
        if interface.lower().startswith(word):
            name = short + interface[len(word):]
            break
    name = name.replace("/", "-")
    if len(name) > LINK_NAME_MAX or not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise LabError(f"links: {interface!r} gives no link name of up to {LINK_NAME_MAX} characters")
    return name
