"""Comparing a transcript with what was expected, so that a failure can be read.

An expected line is literal text with placeholders for what varies: {port}, {n}, {time} ... (PLACEHOLDERS below, and
`masks` of lab.yml). {port:web} gives the value a name: wherever the name stands again, the same value must stand.
{{ and }} are literal braces. A line that is just {lines} stands for any number of lines, also none.
Trailing blanks count, as they do for the programs that read an ASA's output.
"""

import re

from system import LabError

PLACEHOLDERS = {
    "n": r"[0-9]+",
    "port": r"[0-9]{1,5}",
    "hex": r"0x[0-9a-f]+",
    "time": r"[0-9]+:[0-9]{2}:[0-9]{2}",                                             # 0:00:07, 277:05:26
    "date": r"[A-Z][a-z]{2} [0-9]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}",           # as in a syslog line
    "clock": r"[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} [A-Z]+ [A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]?[0-9] [0-9]{4}",
    "ms": r"[0-9]+(?:\.[0-9]+)?",
    "text": r".+",
}
_TOKEN = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)(?::([a-z0-9_]+))?\}")


class Pattern:
    """One expected line."""

    def __init__(self, text, masks):
        self.text = text
        self.parts = []  # literal str, or (regex, label)
        position = 0
        for token in _TOKEN.finditer(text):
            self.parts.append(text[position:token.start()])
            position = token.end()
            if token.group(0) in ("{{", "}}"):
                self.parts.append(token.group(0)[0])
                continue
            regex = masks.get(token.group(1))
            if regex is None:
                raise LabError(f"unknown placeholder {token.group(0)} in {text!r}; known are {', '.join(sorted(masks))}")
            self.parts.append((regex, token.group(2)))
        self.parts.append(text[position:])

    def match(self, line, bound):
        """The names this line binds, given those bound so far; None if it does not match."""
        regex, labels = "", {}
        for part in self.parts:
            if isinstance(part, str):
                regex += re.escape(part)
                continue
            body, label = part
            if label in bound:
                regex += re.escape(bound[label])
            elif label in labels:
                regex += f"(?P={labels[label]})"
            elif label:
                labels[label] = f"g{len(labels)}"
                regex += f"(?P<{labels[label]}>{body})"
            else:
                regex += f"(?:{body})"
        found = re.fullmatch(regex, line)
        return {label: found.group(group) for label, group in labels.items()} if found else None


def compare(expected, actual, masks):
    """Returns [] when the text is as expected, or else the lines of a difference that a person can read."""
    masks = PLACEHOLDERS | masks | {"lines": ""}
    wanted = [Pattern(line, masks) for line in expected.splitlines()]
    got = actual.splitlines()
    if _all_match(wanted, got, 0, 0, {}):
        return []
    return _difference(wanted, got)


def _all_match(wanted, got, i, j, bound):
    while i < len(wanted):
        if wanted[i].text == "{lines}":
            return any(_all_match(wanted, got, i + 1, k, bound) for k in range(j, len(got) + 1))
        names = wanted[i].match(got[j], bound) if j < len(got) else None
        if names is None:
            return False
        bound = bound | names
        i, j = i + 1, j + 1
    return j == len(got)


def _difference(wanted, got):
    """Longest common run of lines; a line counts as common when its pattern matches, names left aside."""
    rows, columns = len(wanted), len(got)
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]
    common = [[pattern.text == "{lines}" or pattern.match(line, {}) is not None for line in got] for pattern in wanted]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            longest[i][j] = max(longest[i + 1][j], longest[i][j + 1],
                                longest[i + 1][j + 1] + 1 if common[i][j] else 0)
    out, bound, i, j = [], {}, 0, 0
    while i < rows or j < columns:
        if i < rows and wanted[i].text == "{lines}":
            i += 1
            while j < columns and longest[i][j] == longest[i][j + 1] and not (i < rows and common[i][j]):
                out.append(f"    ~ {_visible(got[j])}")
                j += 1
        elif i < rows and j < columns and common[i][j] and longest[i][j] == longest[i + 1][j + 1] + 1:
            names = wanted[i].match(got[j], bound)
            if names is None:
                out.append(f"    - {_visible(wanted[i].text)}    (with {_values(wanted[i], bound)})")
                out.append(f"    + {_visible(got[j])}")
            else:
                bound |= names
                out.append(f"      {_visible(got[j])}")
            i, j = i + 1, j + 1
        elif i < rows and (j >= columns or longest[i + 1][j] >= longest[i][j + 1]):
            out.append(f"    - {_visible(wanted[i].text)}")
            i += 1
        else:
            out.append(f"    + {_visible(got[j])}")
            j += 1
    return ["    (- expected, + what came, ~ anything goes; \u00b7 is a trailing blank)", *out]


def _values(pattern, bound):
    labels = dict.fromkeys(part[1] for part in pattern.parts if not isinstance(part, str) and part[1] in bound)
    return ", ".join(f"{label} = {bound[label]}" for label in labels) or "names bound twice in it"


def _visible(line):
    bare = line.rstrip(" ")
    return bare + "\u00b7" * (len(line) - len(bare))
