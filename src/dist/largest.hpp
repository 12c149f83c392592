// Gradients that travel in part: of many numbers the largest, each with its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gradus::dist {

struct Entry {
  std::uint32_t place;
  float value;
};
inline constexpr std::size_t most_places = 0xffffffff;

// How many of `count` numbers travel: the part `keep`, rounded up.
std::size_t kept_of(double keep, std::size_t count);

// numbers + left: those of largest magnitude go to `sent`, as many as it has room for, in the order of their places;
// left gets the others, and 0 at the places of those that are sent. Of equal ones the first are sent. NaN is larger
// than all numbers. What is not finite is never left.
void take_largest(std::span<const float> numbers, std::span<float> left, std::span<Entry> sent);

// Adds each value at its place. False if a place is outside.
bool add_entries(std::span<const Entry> entries, std::span<float> to);

}  // namespace gradus::dist
