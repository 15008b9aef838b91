"""Train a small network on the GPU twice and see whether the bits are the same.

Run it by hand on a machine with a GPU::

    python examples/cuda_twice.py

Each training runs in a process of its own with the same seed and ``deterministic=True``. What is
compared is every parameter, bit by bit. The second half of the output, without determinism, shows
what the switch is for; there a difference is no failure. Without torch or a GPU it says so and
does nothing.
"""

import subprocess
import sys


def train(deterministic):
    """Print the fingerprint of a network trained from seed 42."""
    from scitex_repro import fingerprint, fix_seeds

    # Before torch: cuBLAS reads its setting from the environment when it starts.
    fix_seeds(42, deterministic=deterministic)
    import torch
    from torch import nn

    device = torch.device("cuda")
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.Dropout(0.2),
        # The gradient of the first of these has no deterministic algorithm on a GPU.
        nn.AdaptiveAvgPool2d(4) if not deterministic else nn.AvgPool2d(8),
        nn.Flatten(),
        nn.Linear(256, 10),
    ).to(device)
    table = nn.Embedding(50, 10).to(device)
    parameters = [*model.parameters(), *table.parameters()]
    optimizer = torch.optim.Adam(parameters)
    for _ in range(50):
        images = torch.randn(64, 3, 32, 32, device=device)
        words = torch.randint(50, (64, 200), device=device)
        wanted = torch.randint(10, (64,), device=device)
        loss = nn.functional.cross_entropy(model(images) + table(words).mean(1), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(fingerprint([one.cpu() for one in parameters]))


def reason_to_skip():
    """Say why there is nothing to do here, or return None."""
    try:
        import torch
    except ImportError:
        return "torch is not installed"
    return None if torch.cuda.is_available() else "torch sees no CUDA device"


def twice(mode):
    """Train in two processes; return both fingerprints."""
    command = [sys.executable, __file__, mode]
    return [subprocess.check_output(command, text=True).strip() for _ in range(2)]


def main():
    """Compare, and return the exit status."""
    reason = reason_to_skip()
    if reason is not None:
        print(f"skipped: {reason}")
        return 0
    first, second = twice("deterministic")
    same = first == second
    print(f"deterministic=True:  {first[:16]} {second[:16]} {'same' if same else 'DIFFERENT'}")
    first, second = twice("free")
    free = "same" if first == second else "different"
    print(f"deterministic=False: {first[:16]} {second[:16]} {free}")
    return 0 if same else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        train(sys.argv[1] == "deterministic")
    else:
        sys.exit(main())
