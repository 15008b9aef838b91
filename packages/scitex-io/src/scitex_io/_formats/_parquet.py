"""Tables in parquet, through pyarrow."""

from __future__ import annotations

from .._errors import UnfitObjectError
from .._libraries import is_polars, need
from .._stamp import KEY, stamp_text
from .._tables import as_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .._registry import Request, Writer


def prepare(
    obj: Any,
    request: Request,
    *,
    index: bool | None = None,
    compression: str = "snappy",
) -> Writer:
    """Return a writer of a frame or any other table."""
    pyarrow = need("pyarrow", request.ending, "parquet")
    table = _arrow(obj, request.ending, pyarrow, index=index)
    if request.run_id is not None:
        metadata = {**(table.schema.metadata or {}), KEY: stamp_text(request.run_id)}
        table = table.replace_schema_metadata(metadata)

    def write(file: BinaryIO) -> None:
        # The schema alone, not a second time in base64: the id is then the only difference.
        need("pyarrow.parquet", request.ending, "parquet").write_table(
            table, file, compression=compression
        )

    return write


def _arrow(obj: Any, ending: str, pyarrow: Any, *, index: bool | None) -> Any:
    if is_polars(obj):
        return obj.to_arrow()
    frame = as_frame(obj, ending, "parquet")
    try:
        return pyarrow.Table.from_pandas(frame, preserve_index=index)
    except (pyarrow.ArrowException, TypeError) as error:
        said = "; ".join(str(part) for part in error.args)
        raise UnfitObjectError(f"cannot save as {ending}: {said}") from error


def read(file: BinaryIO, ending: str, /, **options: Any) -> Any:
    """Return a DataFrame of pandas; options go to ``pandas.read_parquet``."""
    need("pyarrow", ending, "parquet")
    pandas = need("pandas", ending, "parquet")
    return pandas.read_parquet(file, engine="pyarrow", **options)
