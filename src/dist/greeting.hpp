// How two ends of a connection show each other that they know the secret of the run, without sending it.
//
//   server: 8 bytes magic, 16 bytes of chance
//   client: 8 bytes magic, 16 bytes of chance, 32 bytes proof = HMAC-SHA256(secret, "client" + both chances)
//   server: 32 bytes proof = HMAC-SHA256(secret, "server" + both chances), or 32 zeros
//
// All have fixed lengths: from a stranger's bytes nothing is ever allocated.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gradus::dist {

inline constexpr std::string_view magic{"GRADUS\1\n", 8};
inline constexpr std::size_t chance_size = 16, proof_size = 32;
inline constexpr std::size_t offer_size = magic.size() + chance_size, answer_size = offer_size + proof_size;

std::string random_bytes(std::size_t size);
// HMAC (RFC 2104) with SHA-256 of side + server's chance + client's chance.
std::string proof(const std::string& secret, std::string_view side, std::string_view server, std::string_view client);
bool equal_in_constant_time(std::string_view a, std::string_view b);
// 32 hexadecimal digits by chance.
std::string new_secret();

}  // namespace gradus::dist
