#include "tensor/format.hpp"

namespace gradus {

std::string format_by(fmt::string_view text, fmt::format_args values) { return fmt::vformat(text, values); }

}  // namespace gradus
