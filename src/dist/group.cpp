// The calls of a Group.
#include <gradus/dist/group.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dist/link.hpp"
#include "tensor/impl.hpp"

namespace gradus::dist {
namespace {

std::size_t bytes_of(const Tensor& x) {
  const std::size_t count = static_cast<std::size_t>(x.numel());
  return count * gradus::detail::visit(x.dtype(), []<class T>() { return sizeof(T); });
}

// Numbers that a call changes in place.
void* numbers(Tensor& x, const char* operation, bool sums, Loc where) {
  gradus::detail::check_defined(x, operation, where);
  if (!x.is_contiguous())
    throw Error(operation,
                {.wrong = "the tensor is not contiguous",
                 .got = "shape " + gradus::to_string(x.shape()),
                 .expected = "numbers that lie side by side",
                 .advice = "x = x.contiguous()"},
                where);
  if (sums && x.dtype() == boolean)
    throw Error(operation, {.wrong = "bool has no sum", .expected = "f32, f64 or i64", .advice = "x.to(i64)"}, where);
  gradus::detail::changed(x, operation, where);
  return x.impl()->data;
}

CallHead head_of(CallKind kind, const Tensor& x) {
  return {.kind = kind, .dtype = static_cast<std::uint32_t>(x.dtype()), .count = static_cast<std::uint64_t>(x.numel())};
}

}  // namespace

bool available() { return have_gloo(); }

Group::Group(GroupOptions options, Loc where) {
  try {
    link_ = std::make_unique<Link>(options);
  } catch (const Trouble& t) { throw Error("Group", t.complaint, where); }
}

Group::~Group() = default;

int Group::rank() const { return link_->who().rank; }
int Group::size() const { return link_->who().size; }
int Group::local_rank() const { return link_->who().local_rank; }
std::string Group::address() const { return link_->address(); }

std::string Group::to_string() const {
  const std::string text = fmt::format("rank {} of {}", rank(), size());
  return address().empty() ? text : text + " at " + address();
}

void Group::all_reduce(Tensor& x, Loc where) {
  void* at = numbers(x, "all_reduce", true, where);
  link_->run("all_reduce", where, [&](Engine& e) {
    link_->agree(e, head_of(CallKind::all_reduce, x));
    if (x.numel() > 0) e.sum(at, x.dtype(), static_cast<std::size_t>(x.numel()));
  });
}

void Group::broadcast(Tensor& x, int root, Loc where) {
  void* at = numbers(x, "broadcast", false, where);
  if (root < 0 || root >= size())
    throw Error("broadcast",
                {.wrong = "there is no such rank",
                 .got = fmt::format("root {}", root),
                 .expected = fmt::format("0 to {}", size() - 1)},
                where);
  CallHead head = head_of(CallKind::broadcast, x);
  head.step = root;
  link_->run("broadcast", where, [&](Engine& e) {
    link_->agree(e, head);
    if (x.numel() > 0) e.broadcast(at, bytes_of(x), root);
  });
}

std::vector<std::string> Group::all_gather(const std::string& mine, Loc where) {
  std::vector<std::string> texts;
  link_->run("all_gather", where, [&](Engine& e) {
    const auto heads = link_->agree(e, {.kind = CallKind::all_gather, .own = static_cast<std::int64_t>(mine.size())});
    std::size_t longest = 0;
    for (const CallHead& h : heads) longest = std::max(longest, static_cast<std::size_t>(h.own));
    std::string padded = mine;
    padded.resize(longest, '\0');
    std::string all(longest * heads.size(), '\0');
    if (longest > 0) e.gather(padded.data(), all.data(), longest);
    for (std::size_t r = 0; r < heads.size(); ++r)
      texts.push_back(all.substr(r * longest, static_cast<std::size_t>(heads[r].own)));
  });
  return texts;
}

void Group::barrier(Loc where) {
  link_->run("barrier", where, [this](Engine& e) { link_->agree(e, {.kind = CallKind::barrier}); });
}

}  // namespace gradus::dist
