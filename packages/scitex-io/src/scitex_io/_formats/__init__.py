"""The file formats: a module for each, and the endings that it stands for.

A format is a module with two functions. ``prepare(obj, request, *, ...)`` checks an object and
returns the content of the file: bytes, or a function that writes to a binary file. ``read(file,
ending, /, *, ...)`` returns what a file holds. Their keyword arguments are the options of `save`
and `load`. A module is imported when a file of its ending is saved or loaded.
"""

FORMATS = {
    "_csv": (".csv", ".csv.gz", ".tsv", ".tsv.gz"),
    "_excel": (".xlsx",),
    "_hdf5": (".h5", ".hdf5"),
    "_json": (".json", ".json.gz"),
    "_mat": (".mat",),
    "_npy": (".npy",),
    "_npz": (".npz",),
    "_parquet": (".parquet",),
    "_pickle": (".pkl", ".pkl.gz"),
    "_pictures": (".jpeg", ".jpg", ".pdf", ".png", ".svg", ".tif", ".tiff"),
    "_text": (".txt", ".txt.gz"),
    "_torch": (".pt", ".pth"),
    "_yaml": (".yaml", ".yml"),
}
