// C++ exceptions for wasm32-wasi by clang's -fwasm-exceptions: Debian's libc++abi for it was built without them. The
// names and their meaning are those of the Itanium C++ ABI; the layout of the tables is that of its LSDA.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <typeinfo>

namespace __cxxabiv1 {

class __shim_type_info : public std::type_info {  // the virtual functions of libc++abi's private_typeinfo.h
 public:
  ~__shim_type_info() override;
  virtual void noop1() const;
  virtual void noop2() const;
  virtual bool can_catch(const __shim_type_info* thrown, void*& adjusted) const = 0;
};

}  // namespace __cxxabiv1

namespace {

using TypeInfo = __cxxabiv1::__shim_type_info;
using Destroy = void* (*)(void* object);  // in WebAssembly a destructor returns its object

struct alignas(16) Header {  // lies before the exception
  const std::type_info* type;
  Destroy destroy;
  Header* next;    // of those that are being handled, innermost first
  void* adjusted;  // what the handler gets: the exception as its base
  int handlers;    // negative while it is thrown again
  int references;
};

Header* caught = nullptr;
unsigned uncaught = 0;

Header* header(void* object) { return static_cast<Header*>(object) - 1; }

void release(Header* h) {
  if (--h->references > 0) return;
  if (h->destroy) h->destroy(h + 1);
  std::free(h);
}

// Numbers of the tables: seven bits a byte, the lowest first.
std::uintptr_t read_unsigned(const std::uint8_t*& at) {
  std::uintptr_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint8_t byte = *at++;
    value |= static_cast<std::uintptr_t>(byte & 127) << shift;
    if (!(byte & 128)) return value;
  }
}

std::intptr_t read_signed(const std::uint8_t*& at) {
  std::uintptr_t value = 0;
  for (unsigned shift = 7;; shift += 7) {
    const std::uint8_t byte = *at++;
    value |= static_cast<std::uintptr_t>(byte & 127) << (shift - 7);
    if (byte & 128) continue;
    const bool negative = (byte & 64) && shift < 8 * sizeof value;
    return static_cast<std::intptr_t>(negative ? value | (~std::uintptr_t{0} << shift) : value);
  }
}

// The tables of one function.
struct Tables {
  const std::uint8_t* types = nullptr;  // ends here; entries are read backwards
  std::uint8_t encoding = 0;
  const std::uint8_t* actions = nullptr;
  std::uintptr_t first_action = 0;  // of the landing pad; 0: none
};

Tables tables_of(const std::uint8_t* at, std::uintptr_t pad) {
  constexpr std::uint8_t omitted = 0xff;
  Tables tables;
  if (*at++ != omitted) std::abort();  // where landing pads begin is never said
  tables.encoding = *at++;
  if (tables.encoding != omitted) {
    const std::uintptr_t offset = read_unsigned(at);
    tables.types = at + offset;
  }
  ++at;  // the encoding of the call sites
  const std::uintptr_t length = read_unsigned(at);
  tables.actions = at + length;
  for (std::uintptr_t i = 0; i <= pad; ++i) {
    read_unsigned(at);
    tables.first_action = read_unsigned(at);
  }
  return tables;
}

// Whether a clause takes the exception; then it is adjusted to the clause's type.
bool catches(const Tables& tables, std::intptr_t clause, void* object) {
  if (tables.encoding & 0x7f) std::abort();  // only absolute pointers
  const TypeInfo* type = nullptr;
  std::memcpy(&type, tables.types - static_cast<std::uintptr_t>(clause) * sizeof type, sizeof type);
  void* adjusted = object;
  if (type && !type->can_catch(static_cast<const TypeInfo*>(header(object)->type), adjusted)) return false;
  header(object)->adjusted = adjusted;
  return true;
}

}  // namespace

extern "C" {

struct Landing {
  std::uintptr_t index, lsda, selector;
};
constinit thread_local Landing __wasm_lpad_context{};

// A landing pad asks: which of its clauses takes the exception?
int _Unwind_CallPersonality(void* object) {
  constexpr int go_on = 8, handler_found = 7;
  __wasm_lpad_context.selector = 0;
  const auto* const lsda = reinterpret_cast<const std::uint8_t*>(__wasm_lpad_context.lsda);
  if (!lsda) return go_on;
  const Tables tables = tables_of(lsda, __wasm_lpad_context.index);
  if (tables.first_action == 0) return go_on;
  for (const std::uint8_t* action = tables.actions + tables.first_action - 1;;) {
    const std::intptr_t clause = read_signed(action);
    if (clause > 0 && catches(tables, clause, object)) {
      __wasm_lpad_context.selector = static_cast<std::uintptr_t>(clause);
      return handler_found;
    }
    const std::uint8_t* const here = action;
    const std::intptr_t next = read_signed(action);
    if (next == 0) return go_on;
    action = here + next;
  }
}

void* __cxa_allocate_exception(std::size_t bytes) noexcept {
  auto* const h = static_cast<Header*>(std::calloc(1, sizeof(Header) + bytes));
  if (!h) std::abort();
  return h + 1;
}

void __cxa_free_exception(void* object) noexcept { std::free(header(object)); }

[[noreturn]] void __cxa_throw(void* object, std::type_info* type, Destroy destroy) {
  *header(object) = {type, destroy, nullptr, object, 0, 1};
  ++uncaught;
  __builtin_wasm_throw(0, object);
}

void* __cxa_get_exception_ptr(void* object) noexcept { return header(object)->adjusted; }

void* __cxa_begin_catch(void* object) noexcept {
  Header* const h = header(object);
  h->handlers = (h->handlers < 0 ? -h->handlers : h->handlers) + 1;
  if (h != caught) {
    h->next = caught;
    caught = h;
  }
  --uncaught;
  return h->adjusted;
}

void __cxa_end_catch() {
  Header* const h = caught;
  if (!h) return;
  const bool again = h->handlers < 0;
  h->handlers += again ? 1 : -1;
  if (h->handlers != 0) return;
  caught = h->next;
  if (!again) release(h);
}

[[noreturn]] void __cxa_rethrow() {
  if (!caught) std::terminate();
  caught->handlers = -caught->handlers;
  ++uncaught;
  __builtin_wasm_throw(0, caught + 1);
}

std::type_info* __cxa_current_exception_type() { return caught ? const_cast<std::type_info*>(caught->type) : nullptr; }
unsigned __cxa_uncaught_exceptions() noexcept { return uncaught; }
bool __cxa_uncaught_exception() noexcept { return uncaught != 0; }

// All that libc++abi's cxa_noexception.o defines, so that the linker does not take that file too.
void __cxa_increment_exception_refcount(void* object) noexcept {
  if (object) ++header(object)->references;
}
void __cxa_decrement_exception_refcount(void* object) noexcept {
  if (object) release(header(object));
}
void* __cxa_current_primary_exception() noexcept {
  if (!caught) return nullptr;
  ++caught->references;
  return caught + 1;
}
[[noreturn]] void __cxa_rethrow_primary_exception(void* object) {
  if (!object) std::terminate();
  Header* const h = header(object);
  ++h->references;
  ++uncaught;
  __builtin_wasm_throw(0, object);
}

// Names of classes in namespaces, N6gradus5optim4AdamE, and nothing else: the whole of it is 120 KB.
char* __cxa_demangle(const char* name, char*, std::size_t*, int* status) {
  constexpr int ok = 0, not_a_name = -2;
  if (status) *status = not_a_name;
  char* const text = static_cast<char*>(std::malloc(2 * std::strlen(name) + 1));
  if (!text || *name++ != 'N') {
    std::free(text);
    return nullptr;
  }
  char* end = text;
  while (*name >= '1' && *name <= '9') {
    char* part = nullptr;
    const std::size_t size = std::strtoul(name, &part, 10);
    if (size > std::strlen(part)) break;
    if (end != text) end = std::strcpy(end, "::") + 2;
    end = static_cast<char*>(std::memcpy(end, part, size)) + size;
    name = part + size;
  }
  *end = '\0';
  if (name[0] != 'E' || name[1] != '\0') {
    std::free(text);
    return nullptr;
  }
  if (status) *status = ok;
  return text;
}

// One thread: what is to be done at its end is done at the program's.
int __cxa_atexit(void (*function)(void*), void* object, void* library);
int __cxa_thread_atexit(void (*function)(void*), void* object, void* library) {
  return __cxa_atexit(function, object, library);
}

}  // extern "C"

// libc++'s own new aborts when memory ends.
void* operator new(std::size_t bytes) {
  if (void* const block = std::malloc(bytes ? bytes : 1)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto a = static_cast<std::size_t>(alignment);
  if (bytes > SIZE_MAX - a) throw std::bad_alloc();
  if (void* const block = std::aligned_alloc(a, (bytes + a - 1) / a * a)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
