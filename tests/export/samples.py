"""The sample documents that test_export writes."""
import os
import pathlib
import subprocess
import sys

CASE = "sample documents of real runs are written where MEMO_EXPORT_SAMPLES says"


def write(test_export, folder):
    """Has the program write its documents into the folder; gives their paths."""
    done = subprocess.run([test_export, CASE], env={**os.environ, "MEMO_EXPORT_SAMPLES": str(folder)}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    paths = sorted(pathlib.Path(folder).iterdir())
    if done.returncode or not paths:
        sys.exit(f"{test_export} wrote no samples:\n{done.stdout}")
    return paths


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)
