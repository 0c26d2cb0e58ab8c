"""Advice that the library gives in its own words, in those of the command line."""

import ast
import re
import shlex
from collections.abc import Mapping
from types import MappingProxyType

_ITEM = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\.\.\.|-?\w+(?:\.\w+)*"""
_VALUE = rf"(?:{_ITEM}|\{{[^{{}}]*\}}|\[(?:{_ITEM}|[^\]'\"])*\]|\((?:{_ITEM}|[^()'\"])*\))"
_SETTING = re.compile(rf"\b([a-z]\w*)=({_VALUE})")
_AGENT = re.compile(rf"create_agent\('([^']+)'((?:, [a-z]\w*={_VALUE})*)\)")
_NO_SCALE = re.compile(
    r"has no px_per_deg; give it, or Screen\(\.\.\.\)\.px_per_deg from the screen's size and the viewing distance"
)
_CALL = re.compile(rf"read_fixations\(path((?:, (?:[a-z]\w*={_VALUE}|\.\.\.))*)\)")


#: What the library says, and what the command line says instead, where that is no name and value.
_SENTENCES = (
    (re.compile(r"format, from_ or --from"), "--from"),
    (re.compile(r"to \(--to\)"), "--to"),
    (re.compile(r"\w+=(?:<file>|FILE), on the command line (?=--)"), ""),
    (re.compile(r"objects=\[\(x, y, width, height\), \.\.\.\] in px"), "--objects FILE"),
)
_SIZE = re.compile(r"screen_px=\(width, height\)(?:, or a mapping of stimulus to \(width, height\))?")
_NO_SIZE = re.compile(r"screen_px has no size for (.+?); give \(width, height\) in px for every stimulus, .*(?=\.)")
_SHOWS_THROUGH = re.compile(r", or say what shows through: background=0\.5 \(foveate (--background 0\.5)\)")
_PAIRS = re.compile(r"\b(\w+) must be a mapping such as (\{[^{}]*\})")
_GIVEN = re.compile(rf"(?<!--set )\b([a-z]\w*)=(<\w+>|{_VALUE})")
#: A name with an underscore is no word of the sentence; one without is told by what follows.
_NAMED = re.compile(r"(?<![\w'\"./-])(?:([a-z]+(?:_[a-z]+)+)(?![\w'\"/=-]|\.\w)|([a-z]+)(?= must be| is a setting of))")


def as_options(message: str, options: Mapping[str, str] = MappingProxyType({}), *, converting: bool) -> str:
    r"""Return a message in which settings of readers and agents are options of the commands.

    Parameters
    ----------
    message
        One sentence or more.
    options
        Of the command that runs: the library's name for what each sets, and the option.
    converting
        Whether that command runs, so that settings of readers are meant outside of calls of them, too.

    Examples
    --------
    >>> as_options("read the table with read_fixations(path, time_unit='s')", converting=False)
    'read the table with scanpath convert IN OUT --time-unit s'
    >>> as_options("give named='end' or screen_px=(width, height).", converting=True)
    'give --named end or --screen-px WIDTH,HEIGHT.'
    >>> as_options("give it as in create_agent('searcher', weights=...).", converting=False)
    'give it as in --agent searcher --weights FILE.'
    >>> as_options("n_fixations must be at least 1, got 0.", {"n_fixations": "--fixations"}, converting=False)
    '--fixations must be at least 1, got 0.'
    """
    for words, instead in _SENTENCES:
        message = words.sub(instead, message)
    message = _NO_SCALE.sub("has no scale; give --px-per-deg, its pixels per degree as people saw it", message)
    message = _AGENT.sub(lambda call: _agent(call[1], call[2]), message)
    if not converting and not _CALL.search(message):
        return _named(message, options)
    pieces, end = [], 0
    for call in _CALL.finditer(message):  # what is an option already is not read again
        asked = re.sub(r",( --| \.\.\.)", r"\1", _options(call[1]))
        pieces += [_options(message[end : call.start()]), "scanpath convert IN OUT", asked]
        end = call.end()
    message = "".join([*pieces, _options(message[end:])])
    return _PAIRS.sub(
        lambda it: f"{_flag(it[1])} must be pairs such as {_option(it[1], it[2]).partition(' ')[2]}", message
    )


def _named(message: str, options: Mapping[str, str]) -> str:
    """Write names and values that a command has options for as these."""

    def given(it: re.Match[str]) -> str:
        if it[1] not in options:  # then it may be a setting of an agent
            settable = it[2] in ("True", "False") and options.get("settings") == "--set"
            return f"--set {it[1]}={it[2].lower()}" if settable else it[0]
        value = it[2].strip("<>").upper() if it[2].startswith("<") else _option(it[1], it[2]).partition(" ")[2]
        return f"{options[it[1]]} {value}"

    if "screen_px" in options:
        message = _SIZE.sub("--screen-px WIDTHxHEIGHT", message)
    elif "pictures" in options:
        message = _NO_SIZE.sub(r"No size is known for \1; give --pictures FOLDER, which holds that one, too", message)
    message = _SHOWS_THROUGH.sub(r", or say what shows through: \1" if "background" in options else "", message)
    message = _GIVEN.sub(given, message)
    return _NAMED.sub(lambda it: options.get(it[1] or it[2], it[0]), message)


def _agent(name: str, settings: str) -> str:
    """Write an agent and its settings as ``scanpath simulate`` takes them."""
    words = [f"--agent {shlex.quote(name)}"]
    for key, value in _SETTING.findall(settings):
        plain = {"weights": "FILE"}.get(key, "...") if value == "..." else shlex.quote(value.strip("'"))
        words.append(f"--{key} {plain}" if key in ("backbone", "weights") else f"--set {key}={plain}")
    return " ".join(words)


def _options(text: str) -> str:
    from scanpath.datasets.formats.format import FORMATS

    known = {name for form in FORMATS.values() for name in (*form.settings("read"), *form.settings("write"))}
    return _SETTING.sub(lambda it: _option(it[1], it[2]) if it[1] in {*known, "format"} else it[0], text)


def _option(name: str, value: str) -> str:
    try:
        words = _words(ast.parse(value, mode="eval").body)
    except (SyntaxError, ValueError):
        return f"{name}={value}"
    return f"{_flag(name)} {words if words == '...' else shlex.quote(words)}"


def _flag(name: str) -> str:
    return f"--{'from' if name == 'format' else name.replace('_', '-')}"


def _words(node: ast.expr) -> str:
    """Write a value as `parse_value` and `parse_pairs` read it."""
    match node:
        case ast.Tuple() | ast.List():
            return ",".join(_words(item) for item in node.elts)
        case ast.Dict():
            pairs = [(key, item) for key, item in zip(node.keys, node.values) if key is not None]
            return ",".join(f"{_words(key)}={_words(item)}" for key, item in pairs)
        case ast.Name():
            return node.id.upper()
        case ast.Constant(value=bool()):
            return str(node.value).lower()
        case ast.Constant(value=str()):
            return str(node.value)
    return ast.unparse(node)
