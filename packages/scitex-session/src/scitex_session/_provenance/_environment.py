"""What a run ran on: interpreter, machine, environment variables, threads and libraries."""

from __future__ import annotations

import os
import sys

from .._masking import mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Variables that change what a program computes or say where it runs; all others stay private.
_ALLOWED = frozenset({
    "LANG", "LANGUAGE", "TZ", "PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH",
    "SOURCE_DATE_EPOCH", "VIRTUAL_ENV", "MPLBACKEND", "MPLCONFIGDIR", "XLA_FLAGS", "DISPLAY",
    "GOTO_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS", "SCIPY_ARRAY_API",
    "NPY_DISABLE_CPU_FEATURES", "NVIDIA_TF32_OVERRIDE", "SHELL", "TMPDIR", "container",
})  # fmt: skip
_ALLOWED_PREFIXES = (
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
    return name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)


def at_start() -> dict[str, Any]:
    """Describe interpreter, machine and environment in well under a millisecond."""
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
    """Return what decides the order of sets of text in this process: ``random`` or a number."""
    if not sys.flags.hash_randomization:
        return "0"
    if sys.flags.ignore_environment:
        return "random"
    try:
        # A session sets PYTHONHASHSEED for children; what counts is what this process began with.
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
    """Return the models of NVIDIA devices from the driver's files, initialising nothing."""
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
        keys = ("user_api", "internal_api", "version", "num_threads", "threading_layer")
        found["pools"] = [{k: p.get(k) for k in keys} for p in control.threadpool_info()]
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


# The names of ``*.dist-info`` folders say name and version, and listing them takes under a
# millisecond where `importlib.metadata` takes 150. Only for a module whose distribution has another
# name, and that is not in this table, are lists of files read.
_OTHER_NAMES = {
    "pil": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml", "cv2": "opencv-python",
    "dateutil": "python-dateutil", "skimage": "scikit-image", "mpl_toolkits": "matplotlib",
    "pylab": "matplotlib", "bs4": "beautifulsoup4", "attr": "attrs", "git": "gitpython",
    "bio": "biopython", "dotenv": "python-dotenv", "jwt": "pyjwt", "usb": "pyusb",
    "serial": "pyserial", "umap": "umap-learn", "docx": "python-docx", "pywt": "pywavelets",
    "osgeo": "gdal", "nacl": "pynacl", "_pytest": "pytest", "pkg_resources": "setuptools",
    "_distutils_hack": "setuptools", "zmq": "pyzmq", "fitz": "pymupdf",
}  # fmt: skip


def _normalised(name: str) -> str:
    """Return a distribution's name in lower case, with one dash between words."""
    return name.lower().replace("_", "-").replace(".", "-")


def installed_distributions(folders: list[str] | None = None) -> dict[str, tuple[str, str]]:
    """Return the distributions in `folders` (``sys.path``): name to (version, metadata folder)."""
    found: dict[str, tuple[str, str]] = {}
    library = os.path.dirname(os.__file__)
    python = {library, os.path.join(library, "lib-dynload")}  # holds no distribution, and is large
    for folder in sys.path if folders is None else folders:
        if folder in python:
            continue
        try:
            names = os.listdir(folder or ".")
        except OSError:  # sys.path may name zip archives and folders that do not exist
            continue
        for entry in names:
            if entry.endswith(".dist-info"):
                name, _, version = entry[:-10].partition("-")
            elif entry.endswith(".egg-info"):
                name, _, version = entry[:-9].partition("-")
                version = version.partition("-py")[0]
            else:
                continue
            found.setdefault(_normalised(name), (version, os.path.join(folder, entry)))
    return found


def distributions_of(
    libraries: Mapping[str, str], available: Mapping[str, tuple[str, str]]
) -> tuple[dict[str, str], list[str]]:
    """Find the distribution of each loaded top-level module.

    `libraries` maps modules to files, `available` is what `installed_distributions` returned.
    Returned are distributions with versions, and the modules whose distribution is not known.
    """
    versions: dict[str, str] = {}
    unknown: list[str] = []
    for module in libraries:
        name = _normalised(module)
        for candidate in (name, _OTHER_NAMES.get(module.lower(), name), f"python-{name}"):
            if candidate in available:
                versions[candidate] = available[candidate][0]
                break
        else:
            unknown.append(module)
    if unknown:
        versions |= _by_files(unknown, libraries, available, versions)
    return dict(sorted(versions.items())), sorted(unknown)


def _by_files(
    unknown: list[str],
    libraries: Mapping[str, str],
    available: Mapping[str, tuple[str, str]],
    known: Mapping[str, str],
) -> dict[str, str]:
    """Search the lists of files of the others; remove from `unknown` what is found."""
    found: dict[str, str] = {}
    for name, (version, folder) in available.items():
        if not unknown:
            break
        if name in known:
            continue
        text = _top_level(folder)
        for module in [m for m in unknown if m in text]:
            if libraries[module].startswith(os.path.dirname(folder) + os.sep):
                found[name] = version
                unknown.remove(module)
    unknown[:] = [m for m in unknown if not m.startswith("_")]  # nobody misses `_cffi_backend`
    return found


def _top_level(folder: str) -> set[str]:
    """Return the top-level modules of the distribution whose metadata are in `folder`."""
    for name in ("top_level.txt", "RECORD"):
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                if name == "top_level.txt":
                    return set(file.read().split())
                return {line.partition("/")[0].partition(".")[0].strip('"') for line in file}
        except (OSError, UnicodeDecodeError):
            continue
    return set()
