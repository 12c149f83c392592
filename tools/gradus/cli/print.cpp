// Writing to standard output, and keeping the first reason why that failed.
#include "cli/print.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gradus::tool {
namespace {

int first_error = 0;

void remember(bool written) {
  if (!written && first_error == 0) first_error = errno ? errno : EIO;
}

}  // namespace

void write_out(std::string_view text) {
  errno = 0;
  remember(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void flush_out() {
  errno = 0;
  remember(std::fflush(stdout) == 0);
}

std::string output_trouble() {
  flush_out();
  if (first_error == 0 && std::ferror(stdout)) first_error = EIO;
  return first_error ? std::strerror(first_error) : "";
}

}  // namespace gradus::tool
