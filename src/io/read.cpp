// Files of tensors of any kind: finding the kind, and reading or scanning by it.
#include <gradus/io/read.hpp>

#include <algorithm>
#include <map>

#include "io/names.hpp"
#include "io/npz_reader.hpp"
#include "io/safetensors_reader.hpp"
#include "tensor/format.hpp"

namespace gradus::io {
namespace {

// What else people have: said by name.
struct Other {
  std::string_view begin;
  const char* what;
};
constexpr Other others[] = {
    {"GGUF", "a GGUF file"},
    {"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras writes such)"},
    {"\x80\x02", "a Python pickle, which would run code"},
    {"\x80\x04", "a Python pickle, which would run code"},
    {"\x1f\x8b", "compressed by gzip: unpack it first"},
    {"{\"ev\":\"header\"", "a trace"},
};

Kind kind_of(const InputFile& file) {
  std::string begin(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), 16)), '\0');
  file.read(0, begin.data(), begin.size());
  const std::string_view text = begin;
  if (text.starts_with(npy_magic)) return Kind::npy;
  if (text.starts_with("PK\3\4") || text.starts_with("PK\5\6")) return Kind::npz;
  for (const auto& [start, what] : others) {
    if (text.starts_with(start)) {
      file.fail({.wrong = formatted("is {}", what), .expected = "safetensors, .npz or .npy"});
    }
  }
  constexpr std::string_view starts = "{ \t\r\n";
  if (text.size() < 10 || starts.find(text[8]) == starts.npos) {
    file.fail({.wrong = "is no file of tensors that is known here", .expected = "safetensors, .npz or .npy"});
  }
  return Kind::safetensors;
}

// Counts the dtypes that change on the way in, for a sentence each.
class Changes {
 public:
  void add(const std::string& from, DType to) { ++counts_[from + " became " + gradus::name(to)]; }
  void note(std::vector<std::string>& notes) const {
    for (const auto& [what, count] : counts_)
      notes.push_back(formatted("{} tensor{} of {}", count, count == 1 ? "" : "s", what));
  }

 private:
  std::map<std::string, std::int64_t> counts_;
};

using Visit = std::function<void(const TensorInfo&, const Tensor&)>;

// Tensors that cannot be read come undefined if `any_dtype`, else they are an error.
Contents visit_all(const InputFile& file, const Visit& f, const LoadOptions& options, bool any_dtype, Loc where) {
  Contents contents{.kind = kind_of(file)};
  Changes changes;
  const auto visit_array = [&](const std::string& name, NpyReader& array) {
    const NpyHeader& h = array.header();
    const Tensor x = any_dtype && !array.can_read() ? Tensor() : array.read(where);
    if (x.defined() && array.changes_dtype()) changes.add(h.descr, x.dtype());
    f({name, h.descr, h.shape, array.numbers_bytes()}, x);
  };
  if (contents.kind == Kind::safetensors) {
    const SafetensorsReader reader(file, options, any_dtype);
    contents.metadata = reader.header().metadata;
    contents.notes = reader.header().notes;
    for (const Entry& e : reader.header().entries) {
      if (!e.wanted) continue;
      const Tensor x = any_dtype && !reader.can_read(e) ? Tensor() : reader.read(e, where);
      if (x.defined() && reader.changes_dtype(e)) changes.add(e.dtype, x.dtype());
      f({e.name, e.dtype, e.shape, e.end - e.begin}, x);
    }
  } else if (contents.kind == Kind::npz) {
    NpzReader(file, options).each(visit_array);
  } else {
    std::uint64_t at = 0;
    const ReadBytes read = [&](void* to, std::size_t bytes) {
      const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, file.size() - at));
      file.read(at, to, left);
      at += left;
      return left;
    };
    NpyReader array(file, "", file.size(), read);
    visit_array("x", array);
  }
  if (!any_dtype) changes.note(contents.notes);  // who scans sees them
  return contents;
}

}  // namespace

Contents read(const std::string& path, const LoadOptions& options, Loc where) {
  const InputFile file(path, "read", where);
  StateDict state;
  const auto keep = [&](const TensorInfo& info, const Tensor& x) { state.emplace_back(info.name, x); };
  Contents contents = visit_all(file, keep, options, false, where);
  if (state.empty() && options.only != "*") {
    file.fail({.wrong = formatted("no tensor has a name like {:?}", options.only)});
  }
  rename(state, options.rename, file);
  contents.state = std::move(state);
  return contents;
}

Contents scan(const std::string& path, const Visit& f, const LoadOptions& options, Loc where) {
  const InputFile file(path, "scan", where);
  return visit_all(file, f, options, true, where);
}

}  // namespace gradus::io
