"""The smallest experiment: a figure and a number, in a directory of their own.

Run it as ``python examples/minimal.py``; what it made is then in
``examples/minimal_out/FINISHED_SUCCESS/``.
"""

import numpy as np

import scitex as stx


@stx.session
def main(n=100, frequency=1.0, CONFIG=stx.INJECTED, plt=stx.INJECTED):
    """Draw a sine wave.

    Parameters
    ----------
    n : int
        Number of points.
    frequency : float
        Oscillations per second, in Hz.
    """
    time = np.linspace(0, 1, n)
    wave = np.sin(2 * np.pi * frequency * time)

    fig, ax = plt.subplots()
    ax.plot(time, wave, label=f"{frequency:g} Hz")
    ax.set_xlabel("time (s)")
    ax.legend()

    stx.io.save(fig, "sine.png")  # and sine.csv, the data drawn in it
    stx.io.save({"n": n, "rms": float(np.sqrt(np.mean(wave**2)))}, "summary.json")
    print(f"Session {CONFIG.ID} drew {n} points")
    return 0


if __name__ == "__main__":
    main()
