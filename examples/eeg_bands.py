"""Band power of a four-channel EEG recording, by Welch's method.

The recording is the one that matplotlib ships with its sample data: 10 s from the electrodes PG3,
PG5, PG7 and PG9, sampled at 80 Hz, in arbitrary units. Run from this folder, the bands are those
of ``config/EEG.yaml``; run from anywhere else, the classical four.
"""

import sys

import matplotlib.cbook
import numpy as np

import scitex as stx

CHANNELS = ("PG3", "PG5", "PG7", "PG9")
RATE = 80.0  # samples per second
BANDS = {"delta": (1, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30)}  # Hz


def read_recording():
    """Return the recording as an array of channels by samples."""
    path = matplotlib.cbook.get_sample_data("eeg.dat", asfileobj=False)
    return np.fromfile(path, dtype=float).reshape(-1, len(CHANNELS)).T


def welch(signal, rate, seconds):
    """Estimate the power spectral density of a signal by Welch's method.

    The signal is cut into windows that overlap by half; of each the mean is taken away and it is
    weighted with a Hann window; the periodograms are averaged.

    Parameters
    ----------
    signal : array
        Samples along the last axis.
    rate : float
        Samples per second.
    seconds : float
        Length of a window.

    Returns
    -------
    frequencies : array
        In Hz, from 0 to half the rate.
    density : array
        Power per Hz, with the frequencies along the last axis.

    References
    ----------
    P. Welch, "The use of fast Fourier transform for the estimation of power spectra: a method
    based on time averaging over short, modified periodograms", IEEE Transactions on Audio and
    Electroacoustics 15 (1967) 70-73, doi:10.1109/TAU.1967.1161901.
    """
    size = round(seconds * rate)
    pieces = np.lib.stride_tricks.sliding_window_view(signal, size, axis=-1)
    pieces = pieces[..., :: size - size // 2, :]
    hann = np.sin(np.pi * np.arange(size) / size) ** 2
    spectra = np.fft.rfft((pieces - pieces.mean(axis=-1, keepdims=True)) * hann)
    density = np.mean(np.abs(spectra) ** 2, axis=-2) / (rate * np.sum(hann**2))
    # Each frequency but 0 and half the rate stands for its negative twin too.
    density[..., 1 : (size + 1) // 2] *= 2
    return np.fft.rfftfreq(size, 1 / rate), density


def band_power(frequencies, density, low, high):
    """Return the power from `low` up to, not including, `high`."""
    inside = (frequencies >= low) & (frequencies < high)
    return density[..., inside].sum(axis=-1) * (frequencies[1] - frequencies[0])


def tabulate(frequencies, density, bands, threshold):
    """Return a table with one row for each channel and band."""
    names = list(bands)
    power = np.stack([band_power(frequencies, density, *bands[name]) for name in names], axis=-1)
    share = power / power.sum(axis=-1, keepdims=True)
    return {
        "channel": np.repeat(CHANNELS, len(names)),
        "band": np.tile(names, len(CHANNELS)),
        "low_hz": np.tile([float(bands[name][0]) for name in names], len(CHANNELS)),
        "high_hz": np.tile([float(bands[name][1]) for name in names], len(CHANNELS)),
        "power": power.ravel(),
        "share": share.ravel(),
        "dominant": share.ravel() > threshold,
    }


def draw_spectra(plt, frequencies, density, bands):
    """Draw the spectrum of each channel above the bands."""
    fig, ax = plt.subplots()
    for channel, line in zip(CHANNELS, density, strict=True):
        ax.semilogy(frequencies[1:], line[1:], label=channel)
    for n, (low, high) in enumerate(bands.values()):
        ax.axvspan(low, high, alpha=0.05 + 0.07 * (n % 2), color="black", linewidth=0)
    ax.set_xlabel("frequency (Hz)")
    ax.set_ylabel("power (1/Hz)")
    ax.legend()
    return fig


def draw_shares(plt, table, bands, threshold):
    """Draw the share of each band in the power of each channel."""
    fig, ax = plt.subplots()
    width = 0.8 / len(CHANNELS)
    places = np.arange(len(bands))
    for n, channel in enumerate(CHANNELS):
        ax.bar(
            places + n * width, table["share"][table["channel"] == channel], width, label=channel
        )
    ax.axhline(threshold, color="gray", linestyle="--", label="threshold")
    ax.set_xticks(places + width * (len(CHANNELS) - 1) / 2, list(bands))
    ax.set_ylabel("share of the power")
    ax.legend()
    return fig


@stx.session
def main(
    bands: tuple[str, ...] = (),
    window: float = 2.0,
    threshold: float = 0.5,
    CONFIG=stx.INJECTED,
    plt=stx.INJECTED,
    logger=stx.INJECTED,
):
    """Measure how the power of an EEG recording is spread over its frequency bands.

    Parameters
    ----------
    bands : tuple of str
        Names of the bands to measure; all of them if none is given.
    window : float
        Length of a window of Welch's method, in seconds.
    threshold : float
        A band is dominant in a channel if it holds more than this share of the power.
    """
    known = CONFIG.get("EEG", {}).get("bands", BANDS)
    if unknown := [name for name in bands if name not in known]:
        sys.exit(f"unknown band {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = {name: known[name] for name in bands or known}

    recording = read_recording()
    if not 2 / RATE <= window <= recording.shape[1] / RATE:
        sys.exit(f"a window lasts from {2 / RATE:g} to {recording.shape[1] / RATE:g} s")
    frequencies, density = welch(recording, RATE, window)
    logger.info("%d channels, %.2f Hz resolution", len(CHANNELS), frequencies[1])

    table = tabulate(frequencies, density, chosen, threshold)
    stx.io.save(table, "bands.csv")
    stx.io.save(draw_spectra(plt, frequencies, density, chosen), "spectra.png")
    stx.io.save(draw_shares(plt, table, chosen, threshold), "shares.png")

    print(f"{'channel':8}" + "".join(f"{name:>10}  " for name in chosen).rstrip())
    for channel in CHANNELS:
        rows = table["channel"] == channel
        marks = [
            f"{share:10.0%}{' *' if dominant else '  '}"
            for share, dominant in zip(table["share"][rows], table["dominant"][rows], strict=True)
        ]
        print(f"{channel:8}{''.join(marks)}".rstrip())
    print(f"* more than {threshold:.0%} of the power")
    return 0


if __name__ == "__main__":
    main()
