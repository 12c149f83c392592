// wasi-libc names advice on memory that nobody takes.
#pragma once

#include_next <sys/mman.h>

#undef MADV_HUGEPAGE
#undef MADV_NOHUGEPAGE
