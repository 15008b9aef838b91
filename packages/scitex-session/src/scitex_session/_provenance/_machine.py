"""The interpreter, the machine and the surroundings of a run."""

from __future__ import annotations

import os
import sys

from scitex_session._provenance._masking import mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Variables that change what a program computes or say where it runs; all others stay private.
_ALLOWED = frozenset({
    "LANG", "LANGUAGE", "TZ", "PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH",
    "SOURCE_DATE_EPOCH", "VIRTUAL_ENV", "MPLBACKEND", "MPLCONFIGDIR", "XLA_FLAGS", "DISPLAY",
    "GOTO_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS", "SCIPY_ARRAY_API",
    "NPY_DISABLE_CPU_FEATURES", "NVIDIA_TF32_OVERRIDE", "SHELL", "TMPDIR", "container",
})  # fmt: skip
_ALLOWED_BEGINNINGS = (
    "LC_", "PYTHON", "OMP_", "MKL_", "OPENBLAS_", "NUMEXPR_", "NUMBA_", "KMP_", "CUDA_", "CUBLAS_",
    "CUDNN_", "NCCL_", "TORCH_", "PYTORCH_", "TF_", "JAX_", "XLA_", "ROCR_", "HIP_", "CONDA_",
    "SLURM_", "PMI_", "PMIX_", "OMPI_COMM_WORLD_", "MPI_LOCALRANKID", "PBS_JOB", "PBS_ARRAY",
    "LSB_JOB", "JOB_ID", "SGE_TASK_ID", "POLARS_", "RAYON_", "ARROW_", "HDF5_",
)  # fmt: skip
_SCHEDULER = (
    "SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_PROCID", "SLURM_NTASKS",
    "SLURM_NODELIST", "SLURM_JOB_PARTITION", "PBS_JOBID", "PBS_ARRAY_INDEX", "LSB_JOBID",
    "LSB_JOBINDEX", "JOB_ID", "SGE_TASK_ID", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
    "PMI_RANK", "PMI_SIZE", "PMIX_RANK",
)  # fmt: skip


def is_allowed(name: str) -> bool:
    """Whether an environment variable is recorded."""
    return name in _ALLOWED or name.startswith(_ALLOWED_BEGINNINGS)


def at_start() -> dict[str, Any]:
    """Describe interpreter, machine and surroundings; costs well under a millisecond."""
    return {
        "python": _python(),
        "platform": _platform(),
        "host": os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME"),
        "user": _user(),
        "cpu": _cpu(),
        "memory_bytes": _memory(),
        "gpu": _nvidia(),
        "variables": mask({k: v for k, v in sorted(os.environ.items()) if is_allowed(k)}),
        "scheduler": {name: os.environ[name] for name in _SCHEDULER if name in os.environ},
        "command": mask(list(sys.orig_argv)),
        "stdin": _stdin(),
    }


def at_end() -> dict[str, Any]:
    """Describe what only loaded libraries know: threads, linear algebra, accelerators."""
    return {"threads": _threads(), **_torch()}


def _python() -> dict[str, Any]:
    return {
        "version": sys.version.partition(" ")[0],
        "build": " ".join(sys.version.split()),
        "implementation": sys.implementation.name,
        "executable": sys.executable,
        "prefix": sys.prefix,
        "hash_seed": _hash_seed(),
        "optimize": sys.flags.optimize,
    }


def _hash_seed() -> str:
    """Return what orders sets of text in this process: ``random`` or a number."""
    if not sys.flags.hash_randomization:
        return "0"
    if sys.flags.ignore_environment:
        return "random"
    try:
        # Sessions set PYTHONHASHSEED for children; what this process began with is what counts.
        with open("/proc/self/environ", "rb") as file:
            initial = file.read().split(b"\0")
    except OSError:
        return os.environ.get("PYTHONHASHSEED") or "random"
    values = [item[15:].decode() for item in initial if item.startswith(b"PYTHONHASHSEED=")]
    return (values or ["random"])[0] or "random"


def _platform() -> dict[str, Any]:
    found: dict[str, Any] = {"system": sys.platform}
    if hasattr(os, "uname"):
        name = os.uname()
        found |= {"kernel": name.release, "version": name.version, "machine": name.machine}
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            pairs = (line.rstrip("\n").partition("=") for line in file)
            known = {key: value.strip('"') for key, _, value in pairs}
        found["distribution"] = known.get("PRETTY_NAME")
    except (OSError, UnicodeDecodeError):
        found["distribution"] = None
    try:
        found["libc"] = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):
        found["libc"] = None
    return found


def _user() -> dict[str, Any]:
    if not hasattr(os, "getuid"):
        return {"name": os.environ.get("USERNAME"), "uid": None}
    uid = os.getuid()
    try:
        from pwd import getpwuid

        return {"name": getpwuid(uid).pw_name, "uid": uid}
    except (ImportError, KeyError):  # containers run as users without a name
        return {"name": os.environ.get("USER"), "uid": uid}


def _cpu() -> dict[str, Any]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found: dict[str, Any] = {"model": None, "count": os.cpu_count(), "usable": usable}
    try:
        # The first processor is enough; the whole file takes long on machines with many.
        with open("/proc/cpuinfo", "rb", buffering=0) as file:
            text = file.read(4096).decode("utf-8", "replace")
    except OSError:
        return found
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in {"model name", "Model"}:
            found["model"] = value.strip()
            break
    return found


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _nvidia() -> list[str]:
    """Models of the NVIDIA devices, by the driver's own files: nothing is initialised for it."""
    models = []
    root = "/proc/driver/nvidia/gpus"
    try:
        for device in sorted(os.listdir(root)):
            with open(os.path.join(root, device, "information"), encoding="utf-8") as file:
                models += [ln.partition(":")[2].strip() for ln in file if ln.startswith("Model")]
    except OSError:
        return models
    return models


def _stdin() -> dict[str, Any]:
    import stat

    try:
        mode = os.fstat(0).st_mode
        if os.isatty(0):
            return {"kind": "terminal"}
        if stat.S_ISREG(mode):
            return {"kind": "file", "path": os.readlink("/proc/self/fd/0")}
        return {"kind": "pipe" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else "null"}
    except OSError:
        return {"kind": "closed"}


def _threads() -> dict[str, Any]:
    found: dict[str, Any] = {}
    control = sys.modules.get("threadpoolctl")
    if control is not None:
        keep = ("user_api", "internal_api", "version", "num_threads", "threading_layer")
        found["pools"] = [{k: p.get(k) for k in keep} for p in control.threadpool_info()]
    numpy = sys.modules.get("numpy")
    config = getattr(getattr(numpy, "__config__", None), "CONFIG", None)
    if isinstance(config, dict):
        blas = config.get("Build Dependencies", {}).get("blas", {})
        found["blas"] = f"{blas.get('name')} {blas.get('version')}"
    return found


def _torch() -> dict[str, Any]:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "cuda"):
        return {}
    found: dict[str, Any] = {
        "threads": torch.get_num_threads(),
        "cuda": torch.version.cuda,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }
    if torch.cuda.is_initialized():  # asking for devices otherwise would initialise CUDA
        count = torch.cuda.device_count()
        found["devices"] = [torch.cuda.get_device_name(i) for i in range(count)]
        found["cudnn"] = torch.backends.cudnn.version()
    return {"torch": found}
