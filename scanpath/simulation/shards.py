"""A run's folder: Parquet shards that are whole or not there, and what the run is."""

import io
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, write_text
from scanpath.gaze.table import BASE_COLUMNS, OPTIONAL_COLUMNS, described
from scanpath.simulation.look import Looked
from scanpath.simulation.rows import checked_rows, plain_rows
from scanpath.simulation.units import Unit, fingerprint

_MANIFEST = "_run.json"
_FAILURES = "_failures.csv"
_LOG = "_log.jsonl"
_KEY = b"scanpath"


@dataclass(frozen=True)
class ShardFacts:
    """What a shard says of itself without its rows being read."""

    n_scanpaths: int
    n_fixations: int
    fingerprint: str
    failures: dict[str, str]


def shard_name(key: tuple[int, int, int]) -> str:
    """File name of a unit; names sort as rows do."""
    return "part-{:07d}-{:03d}-{:03d}.parquet".format(*key)


def encode(unit: Unit, found: Looked, identity: Mapping[str, object]) -> bytes:
    """Return the Parquet file of one unit; equal results give equal bytes."""
    paths = [(unit.seed, path) for path in found.paths]
    facts = {
        **identity,
        "size_px": {one.name: [one.size[1], one.size[0]] for one in unit.stimuli},
        "failures": found.failures,
        "fingerprint": fingerprint(unit.stimuli),
        "n_scanpaths": len(found.paths),
    }
    plain = plain_rows(paths)
    return _bytes(checked_rows(paths, facts) if plain is None else described(plain, facts))


def _bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


class RunFolder:
    """The folder that a run is written to and continued in.

    Parameters
    ----------
    path
        The folder; made if it is not there.
    identity
        What the rows depend on: program, agents and their settings, seeds, number of fixations, size of a shard.

    Raises
    ------
    InputError
        If the folder holds another run, or files that are no run.
    """

    def __init__(self, path: Path, identity: Mapping[str, object]) -> None:
        self.path, self.identity = path, dict(identity)
        if path.is_file():
            raise InputError(f"{path} is a file; a run that can be continued is written to a folder.")
        path.mkdir(parents=True, exist_ok=True)
        manifest = path / _MANIFEST
        if manifest.is_file():
            self._check_same(_identity(manifest))
        elif any(one for one in path.iterdir() if one.name != ".lock"):
            raise InputError(f"{path} holds files that are not a run's; give a new or empty folder.")
        else:
            self._write_manifest({})

    @contextmanager
    def locked(self, jobs: int) -> Iterator[None]:
        """Keep other processes from writing here, and note who did; leftovers of a killed run are removed."""
        with (self.path / ".lock").open("w") as lock:
            try:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except ImportError:  # Windows
                pass
            except OSError:
                raise InputError(f"Another process is writing the run in {self.path}; wait until it is done.") from None
            for leftover in self.path.glob(".part-*"):
                leftover.unlink(missing_ok=True)
            self._log(jobs)
            yield

    def facts(self, key: tuple[int, int, int]) -> ShardFacts | None:
        """What is known of a unit that was done, or None; a file that cannot be read counts as not done."""
        try:
            return _facts(pq.read_metadata(self.path / shard_name(key)))
        except (OSError, pa.ArrowException, KeyError, ValueError):
            return None

    def write(self, key: tuple[int, int, int], content: bytes) -> None:
        """Put a shard in its place, whole."""
        with atomic_path(self.path / shard_name(key)) as temporary, temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def finish(self, keys: Sequence[tuple[int, int, int]], agents: Sequence[str], seeds: Sequence[int]) -> None:
        """Give all shards the same columns, list the failures and mark the run as finished."""
        wanted = {shard_name(key) for key in keys}
        for stale in self.path.glob("part-*.parquet"):
            if stale.name not in wanted:
                raise InputError(
                    f"{stale} belongs to more stimuli than this run has; give the same stimuli or a new folder."
                )
        rows = ["stimulus,agent,seed,reason\n"]
        n_scanpaths = n_fixations = n_failures = 0
        shapes: dict[Path, pa.Schema] = {}
        for key in keys:
            path = self.path / shard_name(key)
            footer = pq.read_metadata(path)  # once for both: workers wait for the end of a run
            facts, shapes[path] = _facts(footer), footer.schema.to_arrow_schema().remove_metadata()
            n_scanpaths, n_fixations = n_scanpaths + facts.n_scanpaths, n_fixations + facts.n_fixations
            n_failures += len(facts.failures)
            for name, reason in facts.failures.items():
                rows.append(
                    ",".join(_quoted(word) for word in (name, agents[key[1]], str(seeds[key[2]]), reason)) + "\n"
                )
        _unify(shapes)
        write_text(self.path / _FAILURES, "".join(rows))
        self._write_manifest(
            {"n_shards": len(keys), "n_scanpaths": n_scanpaths, "n_fixations": n_fixations, "n_failures": n_failures}
        )

    def _check_same(self, stored: Mapping[str, object]) -> None:
        ours = json.loads(json.dumps(self.identity))
        for name in sorted(set(stored) | set(ours)):
            if name == "rules_and_networks" and name not in stored:  # begun before this was noted
                continue
            if stored.get(name) != ours.get(name):
                raise InputError(
                    f"{self.path} holds a run with {name} = {_short(stored.get(name))}, and this one has "
                    f"{_short(ours.get(name))}; continue it with the same settings or give another folder."
                )

    def _write_manifest(self, finished: Mapping[str, object]) -> None:
        content = {"identity": self.identity, "finished": dict(finished) or None}
        write_text(self.path / _MANIFEST, json.dumps(content, indent=2, sort_keys=True) + "\n")

    def _log(self, jobs: int) -> None:
        """Note when and where the run was worked on; apart from the table, which does not depend on it."""
        import numpy
        import torch

        line = {
            "started": datetime.now(UTC).isoformat("T", "seconds"),
            "jobs": jobs,
            "machine": platform.machine(),
            "system": platform.system(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": numpy.__version__,
        }
        with (self.path / _LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _facts(footer: pq.FileMetaData) -> ShardFacts:
    stored = json.loads(footer.metadata[_KEY])
    return ShardFacts(stored["n_scanpaths"], footer.num_rows, stored["fingerprint"], stored["failures"])


def _unify(shapes: Mapping[Path, pa.Schema]) -> None:
    """Rewrite the shards that lack columns of others, such as a fact that only some stimuli have."""
    distinct = list(dict.fromkeys(shapes.values()))
    if len(distinct) < 2:
        return
    try:
        union = pa.unify_schemas(distinct, promote_options="permissive")
    except pa.ArrowException as error:
        raise InputError(
            f"Stimuli disagree about the kind of a fact in their info ({error}); make them alike."
        ) from None
    known = [name for name in (*BASE_COLUMNS, *OPTIONAL_COLUMNS) if name in union.names]
    order = [*known, *sorted(set(union.names) - set(known))]
    union = pa.schema([union.field(name) for name in order])
    for path, shape in shapes.items():
        if shape == union:
            continue
        table = pq.ParquetFile(path).read()
        columns = [
            table.column(name).cast(field.type) if name in table.column_names else pa.nulls(len(table), field.type)
            for name, field in zip(order, union)
        ]
        whole = pa.Table.from_arrays(columns, schema=union.with_metadata(table.schema.metadata))
        with atomic_path(path) as temporary:
            temporary.write_bytes(_bytes(whole))


def _identity(manifest: Path) -> Mapping[str, object]:
    try:
        return dict(json.loads(manifest.read_text(encoding="utf-8"))["identity"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"{manifest} is damaged, so what run it is cannot be told; give another folder.") from error


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if any(sign in word for sign in ',"\n\r') else word


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
