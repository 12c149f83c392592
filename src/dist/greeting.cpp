// The proofs of the greeting.
#include "dist/greeting.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>
#include <stdexcept>

#include "io/sha256.hpp"

namespace gradus::dist {
namespace {

std::string sha256_bytes(const std::string& text) {
  const std::string digits = io::sha256(text);
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  while (::getrandom(bytes.data(), size, 0) != static_cast<ssize_t>(size)) {
    if (errno != EINTR) throw std::runtime_error("the system gives no random numbers");
  }
  return bytes;
}

std::string proof(const std::string& secret, std::string_view side, std::string_view server, std::string_view client) {
  std::string key = secret.size() > 64 ? sha256_bytes(secret) : secret;
  key.resize(64, '\0');
  std::string inner = key;
  std::string outer = key;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  inner.append(side).append(server).append(client);
  return sha256_bytes(outer + sha256_bytes(inner));
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) different |= static_cast<unsigned char>(a[i] ^ b[i]);
  return different == 0;
}

std::string new_secret() {
  std::string text;
  for (const char c : random_bytes(16)) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

}  // namespace gradus::dist
