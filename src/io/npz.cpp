// NumPy's archives: arrays by name.
#include <fnmatch.h>

#include <algorithm>

#include <gradus/io/numpy.hpp>

#include "io/npy.hpp"
#include "io/zip.hpp"
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

}  // namespace

StateDict load_npz(const std::string& path, const LoadOptions& options, Loc where) {
  const InputFile file(path, "load_npz", where);
  const std::vector<ZipMember> members = zip_members(file);
  check_overlaps(file, members);
  StateDict state;
  for (const ZipMember& member : members) {
    if (!member.name.ends_with(suffix)) file.fail({.wrong = formatted("member {:?} is not an array", member.name)});
    const std::string name = member.name.substr(0, member.name.size() - suffix.size());
    if (::fnmatch(options.only.c_str(), name.c_str(), 0) != 0) continue;
    ZipReader reader(file, member);
    const ReadBytes read = [&](void* to, std::size_t bytes) { return reader.read(to, bytes); };
    state.emplace_back(name, read_npy(file, formatted("array {:?}: ", name), member.size, read, where));
    reader.finish();
  }
  if (state.empty() && !members.empty()) {
    file.fail({.wrong = formatted("no array has a name like {:?}", options.only),
               .got = formatted("{:?} and {} others", members[0].name, members.size() - 1)});
  }
  return state;
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
