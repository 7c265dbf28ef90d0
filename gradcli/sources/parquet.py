"""`@table.parquet:column`: by pyarrow, an extra."""

from __future__ import annotations

from io import BytesIO

from gradcli.exceptions import SourceError
from gradcli.sources.location import Location, chosen, printable, reported
from gradcli.sources.numbers import Numbers, keeping_dtype
from gradcli.sources.recognise import damaged, looks_like

_RENAME = "Rename all but one."


def read(location: Location) -> Numbers:
    """One column; the others are not read."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise SourceError(
            "reading .parquet needs pyarrow, which is not installed", hint="pip install 'gradcli[parquet]'"
        ) from None

    with reported(location):
        if location.regular and looks_like(location)[1] != ".parquet":
            raise damaged(location)
        try:
            held = location.path if location.regular else BytesIO(location.content((b"PAR1",)))
            file = parquet.ParquetFile(held)
            names = file.schema_arrow.names
            name = chosen(location, names, "column")
            source = f"column '{printable(name)}' of {location.shown}"
            if names.count(name) > 1:
                raise SourceError(f"{location.shown} has {names.count(name)} columns '{printable(name)}'", hint=_RENAME)
            kind = file.schema_arrow.field(name).type
            if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
                raise SourceError(f"{source} holds {kind}, not numbers", hint="Choose a column of numbers.")
            location.check_elements(file.metadata.num_rows, source)
            column = file.read(columns=[name]).column(name)
        except (pa.ArrowException, ValueError, LookupError, MemoryError) as error:
            raise damaged(location, str(error).partition(".")[0]) from None
    if column.null_count:
        missing = next(row for row, value in enumerate(column, 1) if not value.is_valid)
        raise SourceError(
            f"{source} has no value in row {missing}", hint="Fill it in, or write NaN where there is no number."
        )
    return keeping_dtype(column.to_numpy(), source)
