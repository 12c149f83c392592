// Finds parameters that a module uses and no fields() lists, and remembers them until an optimizer steps.
#include "nn/unlisted.hpp"

#include <algorithm>
#include <mutex>

#include "nn/visitors.hpp"
#include "tape/state.hpp"
#include "tensor/format.hpp"

namespace gradus::nn::detail {
namespace {

struct Note {
  Tensor parameter;  // alone holding it, the note is void
  std::string got, advice;
  std::vector<const gradus::detail::TensorImpl*> with;  // listed parameters on the same tape, to compare only
};

struct Notes {
  std::mutex mutex;
  std::vector<Note> list;
};
Notes& notes() {
  static Notes& all = *new Notes;  // lives on: tensors must not be freed after the pool
  return all;
}

void remove_void(std::vector<Note>& list) {
  std::erase_if(list, [](const Note& n) {
    const gradus::detail::TensorImpl& t = *n.parameter.impl();
    return t.count.load(std::memory_order_acquire) == 1 || t.listed.load(std::memory_order_relaxed);
  });
  unlisted_count.store(static_cast<int>(list.size()), std::memory_order_relaxed);
}

// Calls f for each parameter that the module's fields() reach.
template <class F>
void for_parameters(const ModuleBase& m, const F& f) {
  struct Each : Visitor {
    explicit Each(const F& call) : f(call) {}
    void parameter(const char*, Parameter& p) override { f(p); }
    const F& f;
  } each(f);
  const_cast<ModuleBase&>(m).visit(each);
}

bool lists(const ModuleBase& m, const Tensor& leaf) {
  bool found = false;
  for_parameters(m, [&](const Parameter& p) { found = found || p.is_same(leaf); });
  return found;
}

// The operation that used the leaf first. Broadcasting is not told: what it is for says more.
std::string first_use(const Tape& tape, int leaf) {
  for (int i = leaf + 1; i < tape.size(); ++i) {
    const std::vector<int> inputs = tape[i].inputs();
    if (std::find(inputs.begin(), inputs.end(), leaf) == inputs.end()) continue;
    if (std::string_view(tape[i].name()) == "expand") {
      leaf = i;
      continue;
    }
    const std::string scope = tape[i].scope();
    return formatted("'{}' at {}{}", tape[i].name(), to_string(tape[i].where()),
                     scope.empty() ? "" : formatted(", in '{}'", scope));
  }
  return formatted("a call at {}", to_string(tape[leaf].where()));
}

Note note_of(const Tape& tape, const UseCheck::Use& use) {
  // Of the modules around the use, the innermost whose caller does not list what it lists.
  std::size_t inner = use.modules.size() - 1;
  const bool own = lists(*use.modules[inner], use.leaf);
  while (own && inner > 0 && lists(*use.modules[inner - 1], use.leaf)) --inner;
  const std::string what = own ? formatted("a {}", use.modules[inner]->type()) : std::string("a Parameter");
  const std::string_view owner = use.modules[own && inner > 0 ? inner - 1 : inner]->type();
  std::vector<const gradus::detail::TensorImpl*> with;
  for (const int i : tape.state().leaves) {
    const Tensor leaf = tape[i].leaf();
    if (leaf.impl()->listed.load(std::memory_order_relaxed)) with.push_back(leaf.impl());
  }
  return {
      use.leaf,
      formatted("{} in {}: its parameter of shape {} is first used by {}", what, owner, to_string(use.leaf.shape()),
                first_use(tape, use.node)),
      formatted("add v(\"name\", name) to fields() of {}; to leave it out on purpose: requires_grad_(false)", owner),
      std::move(with)};
}

}  // namespace

void UseCheck::claim(const Tape& tape, int first_leaf, const std::vector<const ModuleBase*>& modules) {
  const std::vector<int>& leaves = tape.state().leaves;
  for (std::size_t i = static_cast<std::size_t>(first_leaf); i < leaves.size(); ++i) {
    const NodeView node = tape[leaves[i]];
    const Tensor leaf = node.leaf();
    if (!leaf.impl()->path() || leaf.impl()->listed.load(std::memory_order_relaxed)) continue;
    const auto same = [&](const Use& u) { return u.leaf.is_same(leaf); };
    if (std::none_of(uses.begin(), uses.end(), same)) uses.push_back({leaf, leaves[i], modules});
  }
}

void UseCheck::conclude(const Tape& tape, const ModuleBase& outermost) const {
  struct Listing : PathVisitor {
    void parameter(const char* name, Parameter& p) override {
      p.impl()->listed.store(true, std::memory_order_relaxed);
      note_path(p, path(name));
    }
  } listing;
  const_cast<ModuleBase&>(outermost).visit(listing);
  for (const Use& use : uses) {
    if (use.leaf.impl()->listed.load(std::memory_order_relaxed)) continue;
    Note note = note_of(tape, use);
    Notes& all = notes();
    const std::lock_guard lock(all.mutex);
    remove_void(all.list);
    const auto same = [&](const Note& n) { return n.parameter.is_same(use.leaf); };
    if (std::none_of(all.list.begin(), all.list.end(), same)) all.list.push_back(std::move(note));
    unlisted_count.store(static_cast<int>(all.list.size()), std::memory_order_relaxed);
  }
}

void note_path(const Tensor& parameter, const std::string& name) {
  const char* known = parameter.impl()->path();
  if (known && name.size() > std::string_view(known).size())
    parameter.impl()->extra().path.store(Fields::intern(name), std::memory_order_relaxed);
}

void refuse_unlisted(const char* optimizer, const std::vector<Tensor>& trained, bool walked, Loc where) {
  Notes& all = notes();
  const std::lock_guard lock(all.mutex);
  remove_void(all.list);
  for (const Note& n : all.list) {
    if (!n.parameter.requires_grad() || (!walked && !n.parameter.grad().defined())) continue;
    const auto together = [&](const Tensor& p) {
      return std::find(n.with.begin(), n.with.end(), p.impl()) != n.with.end();
    };
    if (!n.with.empty() && std::none_of(trained.begin(), trained.end(), together)) continue;
    throw Error(optimizer,
                {.wrong = "a module uses a parameter that no fields() lists: it is neither trained nor saved",
                 .got = n.got,
                 .expected = "every Parameter and every module in fields() of the module that holds it",
                 .advice = n.advice},
                gradus::detail::user_line(where));
  }
}

}  // namespace gradus::nn::detail
