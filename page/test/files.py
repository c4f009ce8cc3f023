"""Makes files.json, the files of test/files.test.ts, with NumPy and PyArrow: python files.py >files.json"""

import base64
import io
import json
import sys
from collections.abc import Callable

import numpy as np
import pyarrow as pa

LOGITS = np.array([[1.5, -2.0, 0.25], [0.0, 3.0, -1.0]])
FILES: dict[str, bytes] = {}


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


for dtype in (
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
):
    values = LOGITS if dtype.startswith("float") else np.abs(LOGITS)
    FILES[f"{dtype}.npy"] = saved(lambda file, dtype=dtype, values=values: np.save(file, values.astype(dtype)))
FILES["bool.npy"] = saved(lambda file: np.save(file, np.array([True, False])))
FILES["fortran.npy"] = saved(lambda file: np.save(file, np.asfortranarray(np.arange(24.0).reshape(2, 3, 4))))
FILES["scalar.npy"] = saved(lambda file: np.save(file, np.float32(2.5)))
FILES["big-endian.npy"] = saved(lambda file: np.save(file, LOGITS.astype(">f8")))
FILES["complex.npy"] = saved(lambda file: np.save(file, LOGITS.astype(complex)))
FILES["text.npy"] = saved(lambda file: np.save(file, np.array(["a", "b"])))
FILES["short.npy"] = FILES["float64.npy"][:-8]
FILES["version-2.npy"] = saved(lambda file: np.lib.format.write_array(file, LOGITS, version=(2, 0)))
FILES["plain.npz"] = saved(lambda file: np.savez(file, logits=LOGITS, labels=np.array([2, 0])))
FILES["compressed.npz"] = saved(lambda file: np.savez_compressed(file, y_pred=LOGITS, y_true=np.array([2, 0])))
FILES["unnamed.npz"] = saved(lambda file: np.savez(file, LOGITS, np.array([2, 0])))


def arrow(table: pa.Table, stream: bool = False, **options: object) -> bytes:
    def write(file: io.BytesIO) -> None:
        with (pa.ipc.new_stream if stream else pa.ipc.new_file)(file, table.schema, **options) as writer:
            writer.write_table(table, max_chunksize=1)

    return saved(write)


fixed = pa.FixedSizeListArray.from_arrays(pa.array(LOGITS.astype(np.float32).reshape(-1)), 3)
FILES["lists.arrow"] = arrow(pa.table({"logits": fixed, "labels": pa.array([2, 0], pa.int64())}))
FILES["stream.arrows"] = arrow(pa.table({"logits": fixed, "labels": pa.array([2, 0], pa.int32())}), stream=True)
FILES["columns.arrow"] = arrow(
    pa.table({"cat": LOGITS[:, 0], "dog": LOGITS[:, 1], "owl": LOGITS[:, 2], "label": pa.array(["owl", "cat"])})
)
FILES["dictionary.arrow"] = arrow(pa.table({"logits": fixed, "label": pa.array(["owl", "cat"]).dictionary_encode()}))
FILES["nulls.arrow"] = arrow(pa.table({"logits": fixed, "labels": pa.array([2, None])}))
FILES["ragged.arrow"] = arrow(pa.table({"logits": pa.array([[1.0, 2.0], [3.0]]), "labels": pa.array([0, 0])}))
FILES["zstd.arrow"] = arrow(
    pa.table({"logits": fixed, "labels": pa.array([2, 0])}), options=pa.ipc.IpcWriteOptions(compression="zstd")
)

json.dump({name: base64.b64encode(content).decode() for name, content in FILES.items()}, sys.stdout, indent=1)
sys.stdout.write("\n")
