"""Write docs/benchmarks.md from benchmarks/results/*.json, so that nobody types a number."""

from __future__ import annotations

import json

from _record import RESULTS, ROOT, markdown

HEAD = """# Benchmarks

Written by `python benchmarks/tables.py` from `benchmarks/results`; do not edit. Each section names
the command that measured it, the commit (`+`: with changes not yet committed) and the machine.
`nox -s full` runs them, but for those of CellProfiler (`nox -s cellprofiler_speed`), Fiji (`nox -s
fiji_speed`) and foreign images of unseen kinds (`benchmarks/domain_unseen.py`). `answers_sha256`
names the weights, layers and limits that were asked; `package_sha256` changes with the card, too.

"""


def main() -> None:
    """Write the page, one section a result, by name."""
    records = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))
    ]
    body = "\n".join(markdown(record) for record in records) or "Nothing has been measured yet.\n"
    page = ROOT / "docs" / "benchmarks.md"
    page.write_text(HEAD + body, encoding="utf-8")
    print(f"{page.relative_to(ROOT)}: {len(records)} results")


if __name__ == "__main__":
    main()
