// Compiles the core to WebAssembly (prebuilds/wasm) on any Linux machine: sigma-tsne.wasm for one thread, and
// sigma-tsne-threads.wasm for several threads with shared memory. The clang in zig can compile C++ exceptions to
// WebAssembly exceptions. However, zig's C++ library for WebAssembly lacks exceptions and the interface of threads. The
// few files of libc++, libc++abi and libunwind that the core needs are therefore compiled too, from the sources in zig.
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build, coreSources, root, zigFolder } from "./zig.mjs";

const library = join(zigFolder(), "lib");
const FEATURES = "generic+simd128+bulk_memory+exception_handling+nontrapping_fptoint+sign_ext+mutable_globals";

const LIBCXX =
  "algorithm atomic chrono condition_variable error_category exception functional future hash memory mutex mutex_destructor new_handler new_helpers optional stdexcept string system_error thread typeinfo vector verbose_abort";
const LIBCXXABI =
  "abort_message cxa_aux_runtime cxa_default_handlers cxa_exception cxa_exception_storage cxa_guard cxa_handlers cxa_personality cxa_thread_atexit cxa_vector cxa_virtual fallback_malloc private_typeinfo stdlib_exception stdlib_new_delete stdlib_stdexcept stdlib_typeinfo";

const libraryFiles = (folder, names) => names.split(" ").map((name) => join(library, folder, `${name}.cpp`));
const cppFiles = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".cpp"))
    .map((name) => `${folder}/${name}`);

/** The flags of all files. Exceptions are in the encoding that all current browsers and Node.js 20 can read. */
function compilerFlags(hasThreads) {
  return [
    ...["-target", "wasm32-wasi", `-mcpu=${FEATURES}${hasThreads ? "+atomics" : ""}`],
    ...["-O3", "-ffp-contract=fast", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections"],
    ...["-fwasm-exceptions", "-mllvm", "-wasm-use-legacy-eh=true"],
    // Without these flags, clang turns atomic operations and thread-local variables into plain ones.
    ...(hasThreads ? ["-mthread-model", "posix"] : []),
  ];
}

function sourcesOf(common) {
  const cpp = [
    ...common,
    ...["-U_LIBCPP_HAS_THREADS", "-D_LIBCPP_HAS_THREADS=1"],
    ...["-U_LIBCPP_HAS_THREAD_API_PTHREAD", "-D_LIBCPP_HAS_THREAD_API_PTHREAD=1"],
  ];
  const ours = [...cpp, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-psabi"];
  const theirs = [
    ...cpp,
    ...[
      "-std=c++23",
      "-w",
      "-D_LIBCPP_BUILDING_LIBRARY",
      "-DLIBCXX_BUILDING_LIBCXXABI",
      "-D_LIBCXXABI_BUILDING_LIBRARY",
    ],
    ...["-DLIBCXXABI_SILENT_TERMINATE", "-DLIBCXXABI_NON_DEMANGLING_TERMINATE", "-D__WASM_EXCEPTIONS__"],
    ...["libcxx/src", "libcxxabi/src", "libcxxabi/include", "libunwind/include"].map(
      (path) => `-I${join(library, path)}`,
    ),
  ];
  const unwinding = [
    ...common,
    ...["-std=c17", "-w", "-D_LIBUNWIND_HIDE_SYMBOLS", "-D__WASM_EXCEPTIONS__"],
    `-I${join(library, "libunwind", "include")}`,
  ];
  const withFlags = (files, flags) => files.map((file) => ({ file, flags }));
  return [
    // The kernels for x86-64 are not needed. The training of networks is left to TensorFlow.js.
    ...withFlags(
      coreSources().filter((file) => !/isa\/avx|native\/network/.test(file)),
      ours,
    ),
    ...withFlags([...cppFiles("native/interface"), ...cppFiles("native/wasm")], ours),
    ...withFlags([...libraryFiles("libcxx/src", LIBCXX), ...libraryFiles("libcxxabi/src", LIBCXXABI)], theirs),
    { file: join(library, "libunwind", "src", "Unwind-wasm.c"), flags: unwinding, language: "cc" },
  ];
}

/** What the linker needs for a memory that the instances of several threads import. */
const SHARED = ["--shared-memory", "--import-memory", "--export=__wasm_init_tls", "--export=__stack_pointer"].map(
  (flag) => `-Wl,${flag}`,
);

const folder = join(root, "prebuilds", "wasm");
mkdirSync(folder, { recursive: true });
for (const hasThreads of [false, true]) {
  const output = join(folder, hasThreads ? "sigma-tsne-threads.wasm" : "sigma-tsne.wasm");
  const common = compilerFlags(hasThreads);
  const link = [
    ...common.slice(0, 3),
    ...["-O3", "-mexec-model=reactor", "-Wl,--gc-sections", "-Wl,--strip-all"],
    ...["-Wl,--max-memory=4294901760", "-Wl,-z,stack-size=1048576"],
    ...(hasThreads ? SHARED : []),
  ];
  await build(hasThreads ? "wasm-threads" : "wasm", sourcesOf(common), link, output, "cc");
  const packed = gzipSync(readFileSync(output), { level: 9 }).length;
  const kilobytes = (bytes) => `${(bytes / 1e3).toFixed(0)} kB`;
  console.log(`${relative(root, output)}: ${kilobytes(statSync(output).size)}, ${kilobytes(packed)} with gzip`);
}
