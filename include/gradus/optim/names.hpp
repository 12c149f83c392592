// Parameters chosen by their names, for groups of an optimizer.
//
//   optim::AdamW opt(net, {.lr = 1e-3, .weight_decay = 0.1});
//   opt.add_group(optim::ends_with("bias")).weight_decay = 0;
//   opt.add_group([](std::string_view name) { return name.starts_with("encoder."); }).lr = 1e-4;
//   opt.add_group([](const nn::NamedParameter& p) { return p.value.dim() < 2; }).weight_decay = 0;
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include <gradus/nn/module.hpp>

namespace gradus::optim {

/// A function that says whether a parameter is chosen, by its name or by itself.
template <class F>
concept ParameterChoice = std::is_invocable_r_v<bool, const F&, std::string_view> ||
    std::is_invocable_r_v<bool, const F&, const nn::NamedParameter&>;

/// Is that the beginning of the name? starts_with("encoder.")
inline auto starts_with(std::string text) {
  return [text = std::move(text)](std::string_view name) { return name.starts_with(text); };
}
/// Is that the end of the name? ends_with("bias")
inline auto ends_with(std::string text) {
  return [text = std::move(text)](std::string_view name) { return name.ends_with(text); };
}
/// Is that in the name? contains("norm")
inline auto contains(std::string text) {
  return [text = std::move(text)](std::string_view name) { return name.find(text) != name.npos; };
}

namespace detail {

using Choice = std::function<bool(const nn::NamedParameter&)>;
template <ParameterChoice F>
Choice as_choice(F choice) {
  if constexpr (std::is_invocable_r_v<bool, const F&, const nn::NamedParameter&>)
    return choice;
  else
    return [choice = std::move(choice)](const nn::NamedParameter& p) { return choice(std::string_view(p.name)); };
}

}  // namespace detail

}  // namespace gradus::optim
