// Counts what this program and its libraries ask of malloc. It defines malloc: one file of a program includes it.
#pragma once

#include <atomic>
#include <cstdlib>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MALLOC_IS_COUNTED

namespace {
std::atomic<long> calls{0};
}

// The program's own entry points stand before the C library's, for everything that runs in this process.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t n) { return ++calls, __libc_malloc(n); }
void* calloc(std::size_t n, std::size_t size) { return ++calls, __libc_calloc(n, size); }
void* realloc(void* p, std::size_t n) { return ++calls, __libc_realloc(p, n); }
void* aligned_alloc(std::size_t alignment, std::size_t n) { return ++calls, __libc_memalign(alignment, n); }
}

#else
namespace {
constexpr long calls = 0;
}
#endif
