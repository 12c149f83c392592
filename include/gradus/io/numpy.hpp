// NumPy's files: .npy holds one array, .npz several by name.
#pragma once

#include <string>

#include <gradus/io/safetensors.hpp>
#include <gradus/io/state_dict.hpp>

namespace gradus::io {

/// One array. f4 and f8 stay, f2 becomes f32, b1 bool; i1, u1, i2, u2, i4, u4 and i8 become i64. Either byte order, C
/// and Fortran order, versions 1 to 3 of the format. Throws for other dtypes by name; objects are never read, for that
/// would run code.
Tensor load_npy(const std::string& path, Loc where = Loc::current());

/// Writes f32, f64, i64 or bool in C order, version 1.0, under the same guarantees as save().
void save_npy(const std::string& path, const Tensor& x, Loc where = Loc::current());

/// The arrays of an archive in its order, by name without ".npy", which a member need not have. Members are stored or
/// deflated, with ZIP64 where it is used; their checksums are verified. Members that are no arrays are an error, unless
/// `.only` leaves them out. A deflated member that unpacks to more than 64 MiB and more than 100 times its size is
/// refused.
StateDict load_npz(const std::string& path, const LoadOptions& options = {}, Loc where = Loc::current());

/// Writes an archive of stored members, sorted by name: the same tensors give the same bytes. Guarantees as in save().
void save_npz(const std::string& path, const StateDict& state, Loc where = Loc::current());

}  // namespace gradus::io
