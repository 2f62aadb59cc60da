"""`webkit verify`: is everything of weight as it was recorded? And is this PDF the one that was sealed?"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import ScriptInfo

from webkit.core.kernel import evidence, tenancy
from webkit.core.kernel.crypto import public_key_in
from webkit.core.kernel.evidence import ChainReport
from webkit.core.kernel.runtime import current
from webkit.core.settings import Settings
from webkit.signing import seal
from webkit.signing.seal import SealError


@click.command("verify")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--key", "keys", multiple=True, help="A public key (hex) to trust, besides this installation's own.")
@click.pass_obj
def verify_command(info: ScriptInfo, file: Path | None, as_json: bool, keys: tuple[str, ...]) -> None:
    """Walk every chain of records and compare every document; or check a sealed PDF, without any database.

    Exits with 1 when something does not fit.
    """
    report = _file(file, keys) if file else _house(info, keys)
    click.echo(json.dumps(report) if as_json else _words(report))
    if not report["ok"]:
        sys.exit(1)


def _house(info: ScriptInfo, keys: tuple[str, ...]) -> dict[str, Any]:
    with info.load_app().app_context():
        given = frozenset(_tidy(keys))
        directory = current().directory
        with tenancy.platform("verify every agency"):
            if problem := evidence.unreadable():
                return {"ok": False, "chains": [], "problem": problem}
            agencies = [(each, directory.by_id(each)) for each in directory.all_ids()]
        reports = []
        for agency_id, agency in agencies:
            with tenancy.tenant(agency_id):
                name = agency.slug if agency else str(agency_id)
                reports.append(evidence.examine(name, given | evidence.trusted_keys()))
    return {"ok": all(report.ok for report in reports), "chains": [_chain(report) for report in reports]}


def _chain(report: ChainReport) -> dict[str, Any]:
    return {
        "agency": report.agency,
        "events": report.events,
        "ok": report.ok,
        "first_broken": report.first_broken,
        "documents": report.documents,
        "signed_heads": report.signed_heads,
        "problems": [{"seq": found.seq, "problem": found.problem} for found in report.findings],
    }


def _file(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """A sealed PDF by itself. Its key is compared with ours and those given, where there are any."""
    try:
        statement = seal.read(path.read_bytes())[1].statement
    except SealError as error:
        return {"ok": False, "file": path.name, "problem": str(error), "trusted": None, "statement": None, "chains": []}
    known = set(_tidy(keys))
    if own := public_key_in(Settings.load(os.environ).data / "keys"):
        known.add(own.hex())
    trusted = statement["public_key"] in known if known else None
    problem = "" if trusted is not False else "The seal is whole, but made with a key that is not trusted here."
    return {
        "ok": trusted is not False,
        "file": path.name,
        "problem": problem,
        "trusted": trusted,
        "statement": statement,
        "chains": [],
    }


def _tidy(keys: tuple[str, ...]) -> list[str]:
    return [key.strip().lower() for key in keys]


def _words(report: dict[str, Any]) -> str:
    return "\n".join(_file_words(report) if "file" in report else _chain_words(report))


def _file_words(report: dict[str, Any]) -> list[str]:
    statement = report["statement"]
    if statement is None:
        return [f"{report['file']}: NOT genuine. {report['problem']}"]
    lines = [
        f"{report['file']}: {'unchanged since it was sealed' if report['ok'] else 'NOT trusted'}. {report['problem']}",
        f"  {statement['kind']} {statement['number']} of {statement['agency']}, sealed {statement['at']}",
        f"  key {statement['public_key']}",
    ]
    if report["trusted"] is None:
        lines.append(f"  Whose key it is, the sender can tell you, or {statement['verify']}")
    return lines


def _chain_words(report: dict[str, Any]) -> list[str]:
    if "problem" in report:
        return [report["problem"]]
    lines = []
    for chain in report["chains"]:
        found = "fine" if chain["ok"] else "BROKEN"
        counts = f"{chain['events']} events, {chain['documents']} documents, {chain['signed_heads']} signed heads"
        lines.append(f"{chain['agency']}: {found}. {counts}")
        lines += [f"  {each['seq'] or '-'}: {each['problem']}" for each in chain["problems"]]
    return [*lines, "Everything is as it was recorded." if report["ok"] else "Something is not as it was recorded."]
