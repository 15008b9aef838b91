# mypy: allow-untyped-defs, allow-untyped-calls
"""A script without type hints, as the contract shows it, passes the type checker as well."""

import scitex as stx


@stx.session
def main(
    data_path="data.csv",  # --data-path data.csv
    threshold=0.5,  # --threshold 0.7
    CONFIG=stx.INJECTED,
    plt=stx.INJECTED,
    COLORS=stx.INJECTED,
    logger=stx.INJECTED,
    rngg=stx.INJECTED,
):
    """Analyze experimental data."""
    data = stx.io.load(data_path)
    fig, ax = plt.subplots()
    ax.plot(rngg("noise").random(3) > threshold, color=COLORS.blue)
    stx.io.save(fig, "noise.png")
    logger.info(CONFIG.MODEL.hidden_size)
    stx.io.save(data, "output.csv")
    return 0


if __name__ == "__main__":
    main()
