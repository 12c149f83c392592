// WASI for one program that has no system below it: a clock, files in memory, and what it prints as lines of text.
"use strict";

// A program that ends by itself throws this.
class Ended extends Error {
  constructor(code) {
    super("the program has ended: " + code);
    this.code = code;
  }
}

// Returns {importsFor(module), attach(instance), files, finish()}. files is a Map: "/name" to Uint8Array.
function makeWasi(print, {args = [], files = new Map()} = {}) {
  const ok = 0,
    badDescriptor = 8,
    exists = 20,
    invalid = 28,
    isFolder = 31,
    noEntry = 44,
    noSystem = 52;
  const open = new Map(),
    decoder = new TextDecoder(),
    words = args.map(word => new TextEncoder().encode(word + "\0")),
    out = ["", "", ""];
  let memory = null,
    nextDescriptor = 4,
    now = 1;
  const view = () => new DataView(memory.buffer);
  const bytes = (at, size) => new Uint8Array(memory.buffer, at, size);
  const pathAt = (at, size) =>
    "/" +
    decoder
      .decode(bytes(at, size).slice())
      .replace(/^[./]+/, "")
      .replace(/\/+$/, "");
  const folders = new Set(["/"]),
    folder = path => folders.has(path);

  // The parts of a scattered read or write, in order.
  function* pieces(list, count) {
    for (let i = 0; i < count; ++i)
      yield [view().getUint32(list + 8 * i, true), view().getUint32(list + 8 * i + 4, true)];
  }

  function say(descriptor, text) {
    const lines = (out[descriptor] + text).split("\n");
    out[descriptor] = lines.pop();
    for (const line of lines) print(line, descriptor === 2);
  }

  function content(file) {
    return files.get(file.path) || file.orphan || new Uint8Array(0);
  }
  function store(file, data) {
    if (files.has(file.path)) files.set(file.path, data);
    else file.orphan = data;
  }

  function put(file, at, piece) {
    const old = content(file),
      end = at + piece.length;
    let all = old;
    if (end > old.length) {
      // room grows by doubling, so that a file of many lines is not copied for each
      const room =
        end > old.buffer.byteLength ? new Uint8Array(Math.max(end, 2 * old.length)) : new Uint8Array(old.buffer);
      if (room.buffer !== old.buffer) room.set(old);
      all = new Uint8Array(room.buffer, 0, end);
    }
    all.set(piece, at);
    store(file, all);
  }

  function stat(at, isDir, size) {
    const v = view();
    bytes(at, 64).fill(0);
    v.setUint8(at + 16, isDir ? 3 : 4);
    v.setBigUint64(at + 24, 1n, true);
    v.setBigUint64(at + 32, BigInt(size), true);
    for (const time of [40, 48, 56]) v.setBigUint64(at + time, BigInt(now) * 1000000000n, true);
    return ok;
  }

  function read(descriptor, list, count, at) {
    const file = open.get(descriptor);
    if (!file) return [badDescriptor, 0];
    let total = 0;
    for (const [to, size] of pieces(list, count)) {
      const part = content(file).subarray(at + total, at + total + size);
      bytes(to, part.length).set(part);
      total += part.length;
      if (part.length < size) break;
    }
    return [ok, total];
  }

  const calls = {
    args_sizes_get(count, size) {
      view().setUint32(count, words.length, true);
      view().setUint32(
        size,
        words.reduce((n, word) => n + word.length, 0),
        true,
      );
      return ok;
    },
    args_get(list, to) {
      words.forEach((word, i) => {
        view().setUint32(list + 4 * i, to, true);
        bytes(to, word.length).set(word);
        to += word.length;
      });
      return ok;
    },
    environ_sizes_get(count, size) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return ok;
    },
    environ_get() {
      return ok;
    },
    clock_time_get(clock, precision, to) {
      const time = clock === 0 ? Date.now() : performance.now();
      now = Math.floor(Date.now() / 1000);
      view().setBigUint64(to, BigInt(Math.round(time * 1e6)), true);
      return ok;
    },
    random_get(to, size) {
      crypto.getRandomValues(bytes(to, size));
      return ok;
    },
    sched_yield() {
      return ok;
    },
    proc_exit(code) {
      throw new Ended(code);
    },
    fd_prestat_get(descriptor, to) {
      if (descriptor !== 3) return badDescriptor;
      view().setUint32(to, 0, true);
      view().setUint32(to + 4, 1, true);
      return ok;
    },
    fd_prestat_dir_name(descriptor, to, size) {
      bytes(to, size).set([47].slice(0, size));
      return ok;
    },
    fd_fdstat_get(descriptor, to) {
      if (descriptor > 3 && !open.has(descriptor)) return badDescriptor;
      bytes(to, 24).fill(0);
      const file = open.get(descriptor);
      view().setUint8(to, descriptor < 3 ? 2 : descriptor === 3 || folder(file.path) ? 3 : 4);
      view().setBigUint64(to + 8, 0xffffffffffffffffn, true);
      view().setBigUint64(to + 16, 0xffffffffffffffffn, true);
      return ok;
    },
    fd_fdstat_set_flags() {
      return ok;
    },
    fd_close(descriptor) {
      return open.delete(descriptor) ? ok : badDescriptor;
    },
    fd_sync() {
      return ok;
    },
    fd_datasync() {
      return ok;
    },
    fd_seek(descriptor, offset, whence, to) {
      const file = open.get(descriptor);
      if (!file) return badDescriptor;
      const base = whence === 0 ? 0 : whence === 1 ? file.at : content(file).length;
      file.at = base + Number(offset);
      view().setBigUint64(to, BigInt(file.at), true);
      return ok;
    },
    fd_tell(descriptor, to) {
      return calls.fd_seek(descriptor, 0n, 1, to);
    },
    fd_write(descriptor, list, count, written) {
      const file = open.get(descriptor);
      let total = 0;
      if (descriptor > 2 && !file) return badDescriptor;
      for (const [from, size] of pieces(list, count)) {
        const piece = bytes(from, size).slice();
        if (descriptor <= 2) say(descriptor, decoder.decode(piece));
        else {
          if (file.append) file.at = content(file).length;
          put(file, file.at, piece);
          file.at += size;
        }
        total += size;
      }
      view().setUint32(written, total, true);
      return ok;
    },
    fd_read(descriptor, list, count, got) {
      const file = open.get(descriptor),
        [error, total] = read(descriptor, list, count, file ? file.at : 0);
      if (file) file.at += total;
      view().setUint32(got, total, true);
      return error;
    },
    fd_pread(descriptor, list, count, offset, got) {
      const [error, total] = read(descriptor, list, count, Number(offset));
      view().setUint32(got, total, true);
      return error;
    },
    fd_filestat_get(descriptor, to) {
      const file = open.get(descriptor);
      if (!file) return badDescriptor;
      return stat(to, folder(file.path), folder(file.path) ? 0 : content(file).length);
    },
    fd_filestat_set_size(descriptor, size) {
      const file = open.get(descriptor),
        all = new Uint8Array(Number(size));
      if (!file) return badDescriptor;
      all.set(content(file).subarray(0, all.length));
      store(file, all);
      return ok;
    },
    fd_readdir(descriptor, to, size, cookie, used) {
      view().setUint32(used, 0, true);
      return ok;
    },
    path_filestat_get(descriptor, flags, at, size, to) {
      const path = pathAt(at, size);
      if (!folder(path) && !files.has(path)) return noEntry;
      return stat(to, folder(path), folder(path) ? 0 : files.get(path).length);
    },
    path_open(descriptor, lookup, at, size, how, rights, inherited, flags, to) {
      const path = pathAt(at, size),
        create = how & 1,
        onlyFolder = how & 2,
        exclusive = how & 4,
        truncate = how & 8;
      if (onlyFolder && !folder(path)) return noEntry;
      if (!folder(path)) {
        if (exclusive && files.has(path)) return exists;
        if (!create && !files.has(path)) return noEntry;
        if (!files.has(path) || truncate) files.set(path, new Uint8Array(0));
      } else if (create) return isFolder;
      open.set(nextDescriptor, {path, at: 0, append: (flags & 1) !== 0, orphan: null});
      view().setUint32(to, nextDescriptor++, true);
      return ok;
    },
    path_rename(from, at, size, into, newAt, newSize) {
      const before = pathAt(at, size),
        after = pathAt(newAt, newSize);
      if (!files.has(before)) return noEntry;
      files.set(after, files.get(before));
      files.delete(before);
      return ok;
    },
    path_create_directory(descriptor, at, size) {
      const path = pathAt(at, size);
      if (folder(path)) return exists;
      folders.add(path);
      return ok;
    },
    path_unlink_file(descriptor, at, size) {
      return files.delete(pathAt(at, size)) ? ok : noEntry;
    },
    path_readlink() {
      return invalid;
    },
    poll_oneoff() {
      return noSystem;
    },
  };
  const known = new Proxy(calls, {get: (all, name) => all[name] || (() => noSystem), has: () => true});
  return {
    files,
    importsFor(module) {
      const imports = {};
      for (const i of WebAssembly.Module.imports(module)) (imports[i.module] ||= {})[i.name] = known[i.name];
      return imports;
    },
    attach(instance) {
      memory = instance.exports.memory;
    },
    finish() {
      out.forEach((text, descriptor) => text && say(descriptor, "\n"));
    },
  };
}
