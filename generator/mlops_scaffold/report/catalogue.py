"""The catalogue as a person reads it."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from mlops_scaffold import blueprint
from mlops_scaffold.catalogue import Catalogue, Need
from mlops_scaffold.reference import settings_of
from mlops_scaffold.report import console
from mlops_scaffold.source import signature, summary


def everything(found: Catalogue) -> None:
    """Every capability with its components, and every blueprint."""
    out = console()
    blocks = [*found.blocks()]
    table = Table(box=None, pad_edge=False)
    for column in ("capability", "component", "what it is", "where"):
        table.add_column(column)
    for capability in found.capabilities:
        own = [block for block in blocks if block.capability == capability]
        for block in own:
            table.add_row(capability, block.variant, block.summary, "cluster" if block.in_cluster else "cloud")
        if not own:
            table.add_row(capability, "", _fulfilled(found, capability), "")
    out.print(table)
    out.print(f"\nblueprints: {', '.join(found.blueprints)}")
    for problem in found.problems:
        out.print(f"[yellow]warning[/yellow] {escape(problem)}")


def one(found: Catalogue, name: str) -> None:
    """One capability or blueprint."""
    if name.rpartition(":")[2] in found.blueprints:
        _show_blueprint(found, name)
    elif name in found.capabilities:
        _show_capability(found, name)
    else:
        raise found.missing("capability or blueprint", name, [*found.capabilities, *found.blueprints], "NAME")


def _show_blueprint(found: Catalogue, name: str) -> None:
    """A blueprint as it is once all that it extends has been merged."""
    out = console()
    whole = blueprint.load(name, found.blueprint, asked_by="NAME")
    above = found.blueprint(name, "NAME").data.get("extends")
    out.print(f"[bold]{name}[/bold]{f' (extends {above})' if above else ''}: {escape(whole.summary)}")
    out.print(f"from: {escape(found.distribution_of(name))}\n")
    for component, choice in whole.components.items():
        settings = {key: value for key, value in choice.items() if key != "why"}
        why = f": {choice['why']}" if choice.get("why") else ""
        out.print(f"  [bold]{component}[/bold]{escape(_given(settings))}{escape(why)}")
    out.print("\nenvironments:")
    for environment, changes in whole.environments.items():
        given = "; ".join(f"{component}{_given(settings)}" for component, settings in changes.items())
        out.print(f"  [bold]{environment}[/bold]: {escape(given or 'as above')}")
    out.print("\ndeferred:")
    for deferred, why in whole.deferred.items():
        out.print(f"  [bold]{deferred}[/bold]: {escape(why)}")


def _given(settings: Mapping[str, object]) -> str:
    return f" ({', '.join(f'{key}: {value}' for key, value in settings.items())})" if settings else ""


def _show_capability(found: Catalogue, name: str) -> None:
    out = console()
    out.print(escape(found.summary(name)))
    blocks = [block for block in found.blocks() if block.capability == name]
    for block in blocks:
        out.print(f"\n[bold]{name}.{block.variant}[/bold]: {escape(block.summary)}")
        out.print(f"  from: {escape(block.distribution)}")
        out.print(f"  needs: {', '.join(map(_wire, block.needs.items())) or 'nothing'}")
        out.print(f"  gives: {', '.join(found.outputs(block.cls))}")
        if actions := block.cls.texts("deploy_actions"):
            out.print(f"  gives CI: {', '.join(actions)}")
        adds = sorted([*block.page, *block.files(found.capabilities)])
        out.print(f"  adds: {', '.join(map(str, adds)) or 'no page and no files'}")
    if not blocks:
        out.print(f"\n{_fulfilled(found, name)}")
    for contract in found.contracts(name):
        if outputs := found.promised(contract):
            out.print(f"\noutputs, on a wire [bold]{name}: {contract.name}[/bold] (from {contract.module.name}):")
            for output, hint in outputs.items():
                text = contract.descriptions.get(output, "")
                out.print(f"  [bold]{output}[/bold] ({escape(hint)}){f': {escape(text)}' if text else ''}")
        if verbs := found.verbs(contract):
            out.print(f"\nverbs, on a wire [bold]{name}: {contract.name}[/bold]:")
            for node in verbs.values():
                out.print(f"  [bold]{escape(signature(node))}[/bold]: {escape(summary(node))}")
                for parameter in (*node.args.args, *node.args.kwonlyargs):
                    annotation = ast.unparse(parameter.annotation) if parameter.annotation else ""
                    if choices := contract.module.choices(annotation) if annotation else ():
                        out.print(f"    {parameter.arg}: {escape(' or '.join(map(str, choices)))}")
    for models in {block.settings: block for block in blocks}.values():
        out.print("\nsettings:")
        for setting, kind, default, text in settings_of(models):
            out.print(f"  [bold]{setting}[/bold] ({escape(kind)}, {escape(default)}): {escape(text)}")


def _wire(item: tuple[str, Need]) -> str:
    keyword, need = item
    return f"{keyword} (optional)" if need.optional else keyword


def _fulfilled(found: Catalogue, capability: str) -> str:
    return f"fulfilled by {', '.join(found.fulfilling(found.contract(capability)))}"
