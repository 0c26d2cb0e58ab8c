"""Advice that the library gives in its own words, in those of the command line."""

import ast
import re
import shlex

_ITEM = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\.\.\.|-?\w+(?:\.\w+)*"""
_VALUE = rf"(?:{_ITEM}|\{{[^{{}}]*\}}|\[(?:{_ITEM}|[^\]'\"])*\]|\((?:{_ITEM}|[^()'\"])*\))"
_SETTING = re.compile(rf"\b([a-z]\w*)=({_VALUE})")
_AGENT = re.compile(rf"create_agent\('([^']+)'((?:, [a-z]\w*={_VALUE})*)\)")
_NO_SCALE = re.compile(
    r"has no px_per_deg; give it, or Screen\(\.\.\.\)\.px_per_deg from the screen's size and the viewing distance"
)
_CALL = re.compile(rf"read_fixations\(path((?:, (?:[a-z]\w*={_VALUE}|\.\.\.))*)\)")


def as_options(message: str, *, converting: bool) -> str:
    r"""Return a message in which settings of readers and agents are options of the commands.

    Parameters
    ----------
    message
        One sentence or more.
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
    """
    message = _NO_SCALE.sub("has no scale; give --px-per-deg, its pixels per degree as people saw it", message)
    message = _AGENT.sub(lambda call: _agent(call[1], call[2]), message)
    if not converting and not _CALL.search(message):
        return message
    pieces, end = [], 0
    for call in _CALL.finditer(message):  # what is an option already is not read again
        options = re.sub(r",( --| \.\.\.)", r"\1", _options(call[1]))
        pieces += [_options(message[end : call.start()]), "scanpath convert IN OUT", options]
        end = call.end()
    return "".join([*pieces, _options(message[end:])])


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
    return (
        f"--{'from' if name == 'format' else name.replace('_', '-')} {words if words == '...' else shlex.quote(words)}"
    )


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
