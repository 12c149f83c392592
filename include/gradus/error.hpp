// Errors: one type and one form.
#pragma once

#if __cplusplus < 201709L && !(defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)
#error "Gradus needs C++20: compile with -std=c++20"
#include <Gradus_needs_C++20>  // a missing file ends the compilation, so that the line above is the last error
#endif

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gradus {

/// The place of a call in the source: file and line.
using Loc = std::source_location;

/// The parts of an error, in the order of its text. A part may be empty.
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
/// where the last line is the caller's, not the library's. The one at fault may be out of reach, as in an assignment:
/// then that line is missing.
class Error : public std::runtime_error {
 public:
  /// operation: the function that was called; where: the line of that call.
  Error(std::string_view operation, Complaint complaint, Loc where = Loc::current());

  const std::string& operation() const { return operation_; }  ///< the function that was called
  const Complaint& complaint() const { return complaint_; }    ///< what was wrong with it
  Loc where() const { return where_; }

 private:
  std::string operation_;
  Complaint complaint_;
  Loc where_;
};

/// "train.cpp:12"
std::string to_string(Loc where);

}  // namespace gradus
