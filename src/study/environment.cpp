#include "tape/state.hpp"
namespace gradus::detail {
void observe_by_environment() {}
}
