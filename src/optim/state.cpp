// What an optimizer remembers of each parameter, and how it is saved and loaded by name.
#include <algorithm>
#include <map>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optimizer.hpp>

#include "optim/saved.hpp"

namespace gradus::optim {

using gradus::detail::user_line;

// ---- state ----

void State::add(std::string name, const Tensor& start) {
  names.push_back(std::move(name));
  tensors.emplace_back(clone(start.detach()));
}

Tensor& State::at(std::string_view name, const Tensor& p) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return tensors[static_cast<std::size_t>(found - names.begin())];
  add(std::string(name), zeros_like(p));
  return tensors.back();
}

void average(Tensor& s, const Tensor& x, double beta) { s.mul_(beta).add_(x, 1 - beta); }

// ---- saving and loading ----

// A parameter that a part of a network has given is saved under its name in the whole network, where that is known.
std::vector<OptimizerBase::SavedName> OptimizerBase::saved_names() const {
  std::vector<SavedName> all;
  std::map<std::string, std::size_t> first;  // of each name
  for (const Entry& e : entries_) {
    const char* path = e.value.impl()->path();
    const bool longer = path && std::string_view(path).ends_with("." + e.given);
    SavedName name{longer ? path : e.given};
    const auto [before, is_new] = first.emplace(name.text, all.size());
    if (!is_new) {
      all[before->second].by_order = true;
      name.by_order = true;
    }
    all.push_back(std::move(name));
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].by_order) all[i].text = entries_[i].name;
  return all;
}

StateDict OptimizerBase::state_dict() const {
  const NoRecord pause;
  StateDict dict;
  const std::vector<SavedName> names = saved_names();
  for (std::size_t k = 0; k < entries_.size(); ++k) {
    const Entry& e = entries_[k];
    if (!e.ready) continue;
    const std::string& name = names[k].text;
    for (std::size_t i = 0; i < e.state.names.size(); ++i)
      dict.emplace_back(name + "." + e.state.names[i], clone(e.state.tensors[i]));
    dict.emplace_back(name + ".step", scalar(static_cast<double>(e.state.step), i64));
  }
  return dict;
}

// Under which name `state` has a parameter; "" if it has it under none.
std::string OptimizerBase::name_in(const StateDict& state, const Entry& e, const SavedName& name, Loc where) const {
  constexpr std::string_view step = ".step";
  std::vector<std::string> longer;  // a whole network's names for the same part
  for (const auto& [key, value] : state)
    if (key.ends_with("." + e.given + ".step")) longer.push_back(key.substr(0, key.size() - step.size()));
  const bool named = find(state, name.text + ".step");
  const bool unclear = name.by_order ? named || !longer.empty() : !named && longer.size() > 1;
  if (unclear) {
    std::string candidates = named ? "'" + name.text + "', numbered by the order of the groups" : "";
    for (const std::string& other : longer) candidates += (candidates.empty() ? "'" : ", '") + other + "'";
    throw Error("load_state_dict",
                {.wrong = "several parameters are called '" + e.given + "': which state belongs to which is not known",
                 .got = std::move(candidates),
                 .expected = "parameters with names of their own",
                 .advice = "load the network's own state_dict first, so that its names are known; or name each group: "
                           "add_group(part.named_parameters(\"part\"))"},
                where);
  }
  if (named) return name.text;
  if (!longer.empty()) return longer[0];
  return find(state, e.given + ".step") ? e.given : "";
}

// The state of one parameter as `from` has it.
State OptimizerBase::loaded(const Entry& e, const std::string& name, const StateDict& from, Loc where) {
  const auto refuse = [&](const std::string& key, const char* wrong, std::string got, std::string expected) {
    throw Error("load_state_dict",
                {.wrong = "'" + key + "' " + wrong,
                 .got = std::move(got),
                 .expected = std::move(expected),
                 .advice = std::string("load the state of an ") + type() + " with the same parameters and options"},
                where);
  };
  const auto get = [&](const std::string& key, const Shape& shape) -> const Tensor& {
    const Tensor* t = find(from, key);
    if (!t || !t->defined())
      refuse(key, "is missing", std::to_string(from.size()) + " names", key + " " + to_string(shape));
    if (t->shape() != shape) refuse(key, "has the wrong shape", to_string(t->shape()), to_string(shape));
    return *t;
  };
  State state;
  init_entry(e, state);
  state.step = saved_count(get(name + ".step", {}).item(), name + ".step", where);
  for (std::size_t i = 0; i < state.names.size(); ++i)
    state.tensors[i].copy_(get(name + "." + state.names[i], state.tensors[i].shape()));
  return state;
}

void OptimizerBase::load_state_dict(const StateDict& state, Loc where) {
  const At at(where);
  const NoRecord pause;
  where = user_line(where);
  std::vector<Entry> entries;
  std::vector<std::string> known;
  const std::vector<SavedName> names = saved_names();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& e = entries_[i];
    Entry& n = entries.emplace_back(Entry{.name = e.name, .given = e.given, .value = e.value, .group = e.group});
    const std::string name = name_in(state, e, names[i], where);
    if (name.empty()) continue;  // it had no gradient yet
    n.state = loaded(e, name, state, where);
    n.ready = true;
    n.dtype = e.value.dtype();
    n.shape = e.value.shape();
    known.push_back(name + ".step");
    for (const std::string& part : n.state.names) known.push_back(name + "." + part);
  }
  std::sort(known.begin(), known.end());
  const auto twice = std::adjacent_find(known.begin(), known.end());
  for (const auto& [key, tensor] : state)
    if (twice != known.end() || !std::binary_search(known.begin(), known.end(), key))
      throw Error("load_state_dict",
                  {.wrong = twice != known.end() ? "'" + *twice + "' would be the state of two parameters"
                                                 : "'" + key + "' is an unknown key",
                   .got = std::to_string(state.size()) + " names, of which " + std::to_string(known.size()) +
                          " belong to a parameter here",
                   .advice = std::string("load the state of an ") + type() + " with the same parameters and options"},
                  where);
  entries_ = std::move(entries);
}

}  // namespace gradus::optim
