"""Random numbers by name: adding a stream changes no other.

With one generator for everything, a single draw more at the beginning changes every number after
it. Here each part of the experiment draws from its own stream, which depends on the seed and on
the stream's name alone: run this with and without ``--augment``, and the split and the initial
weights stay what they were.
"""

import scitex as stx


@stx.session
def main(
    samples: int = 12,
    augment: bool = False,
    rngg=stx.INJECTED,
):
    """Split samples, draw weights, and perhaps augment the data in between.

    Parameters
    ----------
    samples : int
        How many samples there are.
    augment : bool
        Draw noise between the split and the weights.
    """
    order = rngg("split").permutation(samples)
    train, test = order[: samples * 3 // 4], order[samples * 3 // 4 :]

    result = {"train": train.tolist(), "test": test.tolist()}
    if augment:
        result["noise"] = rngg("augment").normal(size=samples).tolist()
    result["weights"] = rngg("init").normal(size=4).tolist()

    stx.io.save(result, "drawn.json")
    print("test samples:", *result["test"])
    print("weights:", *(f"{weight:+.3f}" for weight in result["weights"]))
    return 0


if __name__ == "__main__":
    main()
