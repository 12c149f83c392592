#!/usr/bin/env bash
# NumPy 1.24.2 (Debian python3-numpy): of two arrays "w" and "w.npy" in one .npz file, the second cannot be read.
#
# np.savez stores an array NAME as the member NAME.npy, so "w" and "w.npy" become "w.npy" and "w.npy.npy". np.load lists
# both names, but looks a name up among the members first: file["w.npy"] is the member "w.npy", which is the array "w".
# Nothing is said, and the other array is in the file, whole.
#
# Who meets it: who stores arrays under names that come from files, and then converts or compares such an archive. Gradus
# takes one ".npy" off each member, so it reads both; gradus convert and numpy.load then disagree.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
/usr/bin/python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || skip "needs Debian's Python 3.11"
debian_packages python3-numpy=1:1.24.2-1+deb12u1 libblas3=3.11.0-2 liblapack3=3.11.0-2 libgfortran5
cat >"$folder/program.py" <<'END'
import io, zipfile
import numpy as np

print("version", np.__version__)
file = io.BytesIO()
np.savez(file, **{"w": np.array([1.0, 1.0]), "w.npy": np.array([2.0, 2.0])})
print("members", zipfile.ZipFile(file).namelist())
with np.load(file) as arrays:
    for name in arrays.files:
        print(name, arrays[name])
END
export PYTHONPATH=$folder/usr/lib/python3/dist-packages LD_LIBRARY_PATH=$libraries:$libraries/blas:$libraries/lapack
seen /usr/bin/python3 "$folder/program.py" <<'END'
version 1.24.2
members ['w.npy', 'w.npy.npy']
w [1. 1.]
w.npy [1. 1.]
END
