// Compiles the core to WebAssembly (prebuilds/wasm/sigma-tsne.wasm) on any Linux machine. The clang in zig can compile
// C++ exceptions to WebAssembly exceptions. However, zig's C++ library for WebAssembly lacks exceptions and the
// interface of threads. The few files of libc++, libc++abi and libunwind that the core needs are therefore compiled
// too, from the sources in zig.
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build, coreSources, root, zigFolder } from "./zig.mjs";

const library = join(zigFolder(), "lib");
const target = [
  "-target",
  "wasm32-wasi",
  "-mcpu=generic+simd128+bulk_memory+exception_handling+nontrapping_fptoint+sign_ext+mutable_globals",
];

/** Exceptions in the encoding that all current browsers and Node.js 20 can read. */
const flags = [
  ...target,
  ...["-O3", "-ffp-contract=fast", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections"],
  ...["-fwasm-exceptions", "-mllvm", "-wasm-use-legacy-eh=true"],
  ...["-U_LIBCPP_HAS_THREADS", "-D_LIBCPP_HAS_THREADS=1"],
  ...["-U_LIBCPP_HAS_THREAD_API_PTHREAD", "-D_LIBCPP_HAS_THREAD_API_PTHREAD=1"],
];
const ours = [...flags, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-psabi"];
const theirs = [
  ...flags,
  ...["-std=c++23", "-w", "-D_LIBCPP_BUILDING_LIBRARY", "-DLIBCXX_BUILDING_LIBCXXABI", "-D_LIBCXXABI_BUILDING_LIBRARY"],
  ...["-DLIBCXXABI_SILENT_TERMINATE", "-DLIBCXXABI_NON_DEMANGLING_TERMINATE", "-D__WASM_EXCEPTIONS__"],
  ...["libcxx/src", "libcxxabi/src", "libcxxabi/include", "libunwind/include"].map(
    (path) => `-I${join(library, path)}`,
  ),
];
const unwinding = [
  ...flags.filter((flag) => !flag.includes("LIBCPP")),
  ...[
    "-std=c17",
    "-w",
    "-D_LIBUNWIND_HIDE_SYMBOLS",
    "-D__WASM_EXCEPTIONS__",
    `-I${join(library, "libunwind", "include")}`,
  ],
];

const LIBCXX =
  "algorithm atomic chrono condition_variable error_category exception functional future hash memory mutex mutex_destructor new_handler new_helpers optional stdexcept string system_error thread typeinfo vector verbose_abort";
const LIBCXXABI =
  "abort_message cxa_aux_runtime cxa_default_handlers cxa_exception cxa_exception_storage cxa_guard cxa_handlers cxa_personality cxa_thread_atexit cxa_vector cxa_virtual fallback_malloc private_typeinfo stdlib_exception stdlib_new_delete stdlib_stdexcept stdlib_typeinfo";
const libraryFiles = (folder, names) =>
  names.split(" ").map((name) => ({ file: join(library, folder, `${name}.cpp`), flags: theirs }));
const cppFiles = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".cpp"))
    .map((name) => ({ file: `${folder}/${name}`, flags: ours }));

const sources = [
  // The kernels for x86-64 are not needed. The training of networks is left to TensorFlow.js.
  ...coreSources()
    .filter((file) => !/isa\/avx|native\/network/.test(file))
    .map((file) => ({ file, flags: ours })),
  ...cppFiles("native/interface"),
  ...cppFiles("native/wasm"),
  ...libraryFiles("libcxx/src", LIBCXX),
  ...libraryFiles("libcxxabi/src", LIBCXXABI),
  { file: join(library, "libunwind", "src", "Unwind-wasm.c"), flags: unwinding, language: "cc" },
];

const folder = join(root, "prebuilds", "wasm");
mkdirSync(folder, { recursive: true });
const output = join(folder, "sigma-tsne.wasm");
const link = [
  ...target,
  ...["-O3", "-mexec-model=reactor", "-Wl,--gc-sections", "-Wl,--strip-all"],
  ...["-Wl,--max-memory=4294901760", "-Wl,-z,stack-size=1048576"],
];
await build("wasm", sources, link, output, "cc");
const packed = gzipSync(readFileSync(output), { level: 9 }).length;
const kilobytes = (bytes) => `${(bytes / 1e3).toFixed(0)} kB`;
console.log(`${relative(root, output)}: ${kilobytes(statSync(output).size)}, ${kilobytes(packed)} with gzip`);
