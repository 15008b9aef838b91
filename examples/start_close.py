"""The function interface: a session around lines that are in no function.

For a script that is one long list of steps, or for a notebook. What stands between ``start`` and
``close`` is captured, seeded and recorded as a decorated function is.
"""

import sys

import matplotlib.pyplot as plt

import scitex as stx

CONFIG, sys.stdout, sys.stderr, plt, COLORS, rng = stx.session.start(
    sys, plt, agg=True, seed=7, verbose=False
)

steps = rng("walk").normal(size=(3, 200))
walks = steps.cumsum(axis=1)

fig, ax = plt.subplots()
for walk, color in zip(walks, (COLORS.blue, COLORS.orange, COLORS.green), strict=True):
    ax.plot(walk, color=color)
ax.set_xlabel("step")
ax.set_ylabel("position")

stx.io.save(fig, "walks.png")
stx.io.save(walks, "walks.npy")
print("The walks end at", ", ".join(f"{position:.2f}" for position in walks[:, -1]))

stx.session.close(CONFIG, message="three walks", verbose=False, exit_status=0)
