// Errors: one type, one form, read by tired people.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gradus {

using Loc = std::source_location;

/// What an error says, in this order; leave empty what there is nothing to say about.
struct Complaint {
  std::string wrong{};     ///< what is wrong: "inner sizes differ"
  std::string got{};       ///< "(64, 784) and (128, 10)"
  std::string expected{};  ///< "a.shape[-1] == b.shape[-2]"
  std::string advice{};    ///< what to do: "transpose one operand"
};

/// The one exception of the library. what() is
///
///   matmul: inner sizes differ
///     got:      (64, 784) and (128, 10)
///     expected: a.shape[-1] == b.shape[-2]
///     try:      transpose one operand
///     at:       train.cpp:12
///
/// where the last line is the caller's, not the library's.
class Error : public std::runtime_error {
 public:
  Error(std::string_view operation, Complaint complaint, Loc where = Loc::current());

  const std::string& operation() const { return operation_; }
  const Complaint& complaint() const { return complaint_; }
  Loc where() const { return where_; }

 private:
  std::string operation_;
  Complaint complaint_;
  Loc where_;
};

/// "train.cpp:12"
std::string to_string(Loc where);

}  // namespace gradus
