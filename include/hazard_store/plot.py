"""Pictures of hazard curves. Needs matplotlib (`pip install hazard-store[plot]`)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import Misconfigured, OutputFailed
from hazard_store.query import RlzCurve, StatsCurve, get_hazard_rlz_curves, get_hazard_stats_curves
from hazard_store.query.opened import visible_head
from hazard_store.shown import cut
from hazard_store.store import Store

COLUMNS = 4
FLOOR = 1e-7  # curves are plotted down to this probability


def plot_site(
    store: Store,
    calc_id: str,
    loc: str,
    imts: Sequence[str] | None,
    out: str,
    unpublished: bool = False,
) -> str:
    """Plot the hazard curves of a site: realisations in grey, quantiles and the mean on top.

    Args:
        store: where the curves are.
        calc_id: the calculation.
        loc: site code, custom id or "LAT,LON".
        imts: intensity measures, a panel each; None: all.
        out: the file to write; its ending says the format.
        unpublished: also if the calculation is not published.

    Returns:
        the path of the file.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        reason = "plots need matplotlib: pip install 'hazard-store[plot]'"
        raise Misconfigured("matplotlib", reason) from error
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    calculation = visible_head(store, calc_id, unpublished).calculation
    chosen = list(imts or calculation.imts)
    columns = min(COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(max(6.4, 4.2 * columns), 4.0 * rows + 0.8),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    panels = dict(zip(chosen, axes.flat, strict=False))
    for curve in get_hazard_rlz_curves(calc_id, [loc], chosen, None, unpublished, store=store):
        poes = _without_zeros(curve)
        panels[curve.imt].plot(curve.imls, poes, color="0.75", linewidth=0.8, zorder=1)
    code = loc
    for stat in get_hazard_stats_curves(calc_id, [loc], chosen, None, unpublished, store=store):
        code = stat.loc
        if stat.agg != "std":
            poes = _without_zeros(stat)
            panels[stat.imt].plot(stat.imls, poes, label=_label(stat.agg), **_style(stat))
    for imt, panel in panels.items():
        panel.set(
            xscale="log",
            yscale="log",
            title=_label(imt),
            xlabel=_label(_unit(imt)),
            ylim=(FLOOR, 2),
        )
        panel.grid(visible=True, which="major", color="0.92")
    for panel in list(axes.flat)[len(chosen) :]:
        panel.set_visible(False)
    for row in axes:
        row[0].set_ylabel(f"probability of exceedance in {calculation.investigation_time:g} years")
    if calculation.realisations:
        axes.flat[0].plot([], [], color="0.75", label=f"{calculation.n_realisations} realisations")
    axes.flat[0].legend(fontsize="small", loc="lower left")
    figure.suptitle(_label(f"{calc_id} at {code}"))
    try:
        figure.savefig(out, dpi=110)
    except OSError as error:
        raise OutputFailed(out, f"it cannot be written ({error.strerror or error})") from error
    finally:
        plt.close(figure)
    return out


def _without_zeros(curve: StatsCurve | RlzCurve) -> NDArray[np.float32]:
    """Return the probabilities with gaps for zeros: a logarithmic axis has no place for them."""
    return np.where(curve.poes > 0, curve.poes, np.nan)


def _label(text: str) -> str:
    """Return a text as matplotlib draws it as it is: a dollar begins no formula."""
    return cut(text).replace("$", r"\$")


def _style(stat: StatsCurve) -> dict[str, object]:
    if stat.agg == "mean":
        return {"color": "black", "linewidth": 2.2, "zorder": 4}
    if stat.agg == "0.5":
        return {"color": "tab:blue", "linewidth": 1.6, "zorder": 3}
    return {"linewidth": 1.2, "linestyle": "--", "zorder": 2}


def _unit(imt: str) -> str:
    if imt == "PGV":
        return "PGV (cm/s)"
    if imt == "PGA" or imt.startswith("SA"):
        return f"{imt} (g)"
    return imt
