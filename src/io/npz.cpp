// NumPy's archives: arrays by name.
#include <algorithm>
#include <cstring>
#include <unordered_set>

#include <gradus/io/numpy.hpp>

#include "io/names.hpp"
#include "io/npz_reader.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::io {
namespace {

constexpr std::string_view suffix = ".npy";

// Members must not share bytes: a small archive of overlapping ones would unpack to any size.
void check_overlaps(const InputFile& file, std::vector<ZipMember> members) {
  std::ranges::sort(members, {}, &ZipMember::header);
  for (std::size_t i = 0; i + 1 < members.size(); ++i) {
    const std::uint64_t room = members[i + 1].header - members[i].header;
    if (members[i].packed > room)
      file.fail({.wrong = formatted("members {:?} and {:?} overlap", members[i].name, members[i + 1].name)});
  }
}

// As NumPy names it.
std::string array_name(const ZipMember& member) {
  return member.name.ends_with(suffix) ? member.name.substr(0, member.name.size() - suffix.size()) : member.name;
}

bool is_folder(const ZipMember& member) { return member.name.ends_with('/') && member.size == 0; }

bool is_array(const InputFile& file, const ZipMember& member) {
  char begin[npy_magic.size()];
  return ZipReader(file, member).read(begin, sizeof begin) == sizeof begin &&
         std::string_view(begin, sizeof begin) == npy_magic;
}

[[noreturn]] void refuse_member(const InputFile& file, const ZipMember& member) {
  const bool is_pickle = member.name.ends_with(".pkl");
  file.fail({.wrong = formatted("member {:?} is not an array", member.name),
             .advice = is_pickle ? "a file of torch.save holds Python code, which is never run; in Python: "
                                   "safetensors.torch.save_file(net.state_dict(), \"net.safetensors\")"
                                 : "read the arrays only: {.only = …}"});
}

}  // namespace

NpzReader::NpzReader(const InputFile& file, const LoadOptions& options)
    : file_(file), options_(options), members_(zip_members(file)) {
  check_overlaps(file, members_);
  std::erase_if(members_, is_folder);
  std::unordered_set<std::string> names;
  for (const ZipMember& member : members_) {
    if (!names.insert(array_name(member)).second) {
      file.fail({.wrong = formatted("two arrays have the name {:?}", array_name(member)),
                 .got = "with and without .npy at the end"});
    }
  }
}

void NpzReader::each(const std::function<void(const std::string& name, NpyReader& array)>& f) const {
  for (const ZipMember& member : members_) {
    const std::string name = array_name(member);
    if (!is_wanted(name, options_)) continue;
    if (!member.name.ends_with(suffix) && !is_array(file_, member)) refuse_member(file_, member);
    ZipReader reader(file_, member);
    const ReadBytes read = [&](void* to, std::size_t bytes) { return reader.read(to, bytes); };
    NpyReader array(file_, formatted("array {:?}: ", name), member.size, read);
    f(name, array);
    if (array.has_read()) reader.finish();
  }
}

StateDict NpzReader::read_wanted(const LoadOptions& options, Loc where) const {
  StateDict state;
  each([&](const std::string& name, NpyReader& array) { state.emplace_back(name, array.read(where)); });
  const std::string first = members_.empty() ? "" : array_name(members_[0]);
  check_wanted(state, members_.size(), first, "no array", options, file_);
  rename(state, options.rename, file_);
  return state;
}

StateDict load_npz(const std::string& path, const LoadOptions& options, Loc where) {
  const InputFile file(path, "load_npz", where);
  return NpzReader(file, options).read_wanted(options, where);
}

void save_npz(const std::string& path, const StateDict& state, Loc where) {
  constexpr std::size_t most_name_bytes = 4096;
  const FileErrors errors(path, "save_npz", where);
  std::vector<const std::pair<std::string, Tensor>*> order;
  for (const auto& item : state) {
    const auto& [name, tensor] = item;
    if (name.empty() || name.size() > most_name_bytes || name.find('\0') != name.npos) {
      errors.fail({.wrong = "not a name for an array", .got = formatted("{:?}", name.substr(0, 80))});
    }
    if (!tensor.defined()) errors.fail({.wrong = formatted("tensor {:?} is undefined", name)});
    order.push_back(&item);
  }
  std::ranges::sort(order, {}, [](const auto* item) { return item->first; });
  const auto twice = std::ranges::adjacent_find(order, {}, [](const auto* item) { return item->first; });
  if (twice != order.end()) errors.fail({.wrong = formatted("two tensors have the name {:?}", (*twice)->first)});

  AtomicFile file(path, "save_npz", where);
  ZipWriter archive(file);
  for (const auto* item : order) {
    const Tensor x = detail::dense(item->second);
    archive.add(item->first + std::string(suffix), npy_header(x), x.impl()->data,
                static_cast<std::size_t>(x.numel() * size_of(x.dtype())));
  }
  archive.finish();
  file.commit();
}

}  // namespace gradus::io
