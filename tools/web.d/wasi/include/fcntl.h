// What wasi-libc lacks of <fcntl.h>: the copy of a file descriptor. The call answers that it cannot.
#pragma once

#include_next <fcntl.h>

#define F_DUPFD_CLOEXEC 1030
