"""Checks which libraries and functions a binary needs from the system: python structure.py KIND PROCESSOR FILE

Prints one line, or exits with a message if the binary would not load on its target systems.
"""

import hashlib
import re
import sys

import lief

lief.logging.disable()

NEWEST_GLIBC = (2, 28)
OLDEST_MACOS = (11, 0)
ENTRY_POINTS = {"napi_register_module_v1", "node_api_module_get_api_version_v1"}
FROM_HOST = re.compile(r"^_?(napi|node_api)_")

# The libraries that exist on all systems with this executable format.
SYSTEM_LIBRARIES = {
    "elf": re.compile(r"(lib(c|m|dl|rt|pthread)\.so(\.\d)?|ld-linux-.*\.so\.\d)"),
    "pe": re.compile(r"(kernel32|ntdll|advapi32|api-ms-win-crt-[a-z0-9-]+)\.dll", re.IGNORECASE),
    "mach-o": re.compile(r"/usr/lib/libSystem\.B\.dylib"),
}
PROCESSORS = {
    "x64": {lief.ELF.ARCH.X86_64, lief.PE.Header.MACHINE_TYPES.AMD64, lief.MachO.Header.CPU_TYPE.X86_64},
    "arm64": {lief.ELF.ARCH.AARCH64, lief.PE.Header.MACHINE_TYPES.ARM64, lief.MachO.Header.CPU_TYPE.ARM64},
}


def require(holds, problem):
    if not holds:
        sys.exit(f"{sys.argv[3]} {problem}")


def describe_elf(binary):
    versions = [v.name for need in binary.symbols_version_requirement for v in need.get_auxiliary_symbols()]
    glibc = [tuple(map(int, name[6:].split("."))) for name in versions if name.startswith("GLIBC_")]
    newest = max(glibc, default=None)
    require(not newest or newest <= NEWEST_GLIBC, f"needs glibc {newest}, and must load with {NEWEST_GLIBC}")
    # With immediate binding, a missing symbol is reported when the binary is loaded, not later during a computation.
    flags = binary.get(lief.ELF.DynamicEntry.TAG.FLAGS_1)
    require(flags and lief.ELF.DynamicEntryFlags.FLAG.NOW in flags.flags, "is bound lazily")
    exports = {symbol.name for symbol in binary.exported_symbols}
    note = f"glibc {newest[0]}.{newest[1]} or later" if newest else "no version of a symbol"
    return binary.header.machine_type, binary.libraries, exports, [note]


def describe_pe(binary):
    libraries = [entry.name for entry in binary.imports]
    exports = {entry.name for entry in binary.get_export().entries}
    names = {entry.name for library in binary.imports for entry in library.entries}
    hard = sorted(name for name in names if FROM_HOST.match(name))
    require(not hard, f"imports {', '.join(hard)}, which are to be found in the program that loads it")
    for name in ("DYNAMIC_BASE", "NX_COMPAT"):
        wanted = getattr(lief.PE.OptionalHeader.DLL_CHARACTERISTICS, name)
        require(binary.optional_header.has(wanted), f"lacks {name}")
    return binary.header.machine, libraries, exports, ["Node-API from the program that loads it"]


def describe_mach_o(binary):
    # With this flag, macOS would search for the Node-API functions when it loads the file, and would not find them.
    require(not binary.header.has(lief.MachO.Header.FLAGS.NOUNDEFS), "is marked as without undefined symbols")
    version = tuple(binary.build_version.minos[:2])
    require(version <= OLDEST_MACOS, f"needs macOS {version}, and must load with {OLDEST_MACOS}")
    # BIND_SPECIAL_DYLIB_FLAT_LOOKUP of <mach-o/loader.h>: search in all parts of the program that loads the binary.
    flat_lookup = -2
    anywhere = {entry.symbol.name for entry in binary.bindings if entry.library_ordinal == flat_lookup}
    from_host = {symbol.name for symbol in binary.imported_symbols if FROM_HOST.match(symbol.name)}
    require(anywhere == from_host, f"looks for {sorted(anywhere ^ from_host)} in the wrong place")
    exports = {symbol.name.removeprefix("_") for symbol in binary.exported_symbols}
    signed = binary.has_code_signature
    if binary.header.cpu_type == lief.MachO.Header.CPU_TYPE.ARM64:
        require(signed, "is not signed, and macOS loads no code for arm64 without a signature")
    if signed:
        check_signature(sys.argv[3], binary.code_signature)
    loads = lief.MachO.LoadCommand.TYPE.LOAD_DYLIB
    libraries = [library.name for library in binary.libraries if library.command == loads]
    own = [library.name for library in binary.libraries if library.command == lief.MachO.LoadCommand.TYPE.ID_DYLIB]
    require(all(name.startswith("@rpath/") for name in own), f"has a path of the machine that made it: {own}")
    notes = [f"macOS {version[0]}.{version[1]} or later", "signed ad hoc" if signed else "not signed"]
    return binary.header.cpu_type, libraries, exports, notes


def check_signature(path, command):
    """Compare the hash of every page with the code directory (<kern/cs_blobs.h>). Its numbers are big-endian."""
    with open(path, "rb") as file:
        whole = file.read()
    blob = whole[command.data_offset : command.data_offset + command.data_size]

    def number(at):
        return int.from_bytes(blob[at : at + 4], "big")

    require(number(0) == 0xFADE0CC0, "has a signature of an unknown kind")
    slots = {number(12 + 8 * i): number(16 + 8 * i) for i in range(number(8))}
    directory = slots[0]
    require(number(directory) == 0xFADE0C02, "has no code directory in its signature")
    ad_hoc = 0x2
    require(number(directory + 12) & ad_hoc, "is signed by an identity, and not ad hoc")
    hashes, count, limit = directory + number(directory + 16), number(directory + 28), number(directory + 32)
    hash_size, hash_kind, page_bits = blob[directory + 36], blob[directory + 37], blob[directory + 39]
    require((hash_size, hash_kind) == (32, 2), "is signed with hashes other than SHA-256")
    page = 1 << page_bits
    for i in range(count):
        signed = blob[hashes + 32 * i : hashes + 32 * (i + 1)]
        digest = hashlib.sha256(whole[page * i : min(page * (i + 1), limit)]).digest()
        require(signed == digest, f"differs from its signature in page {i}")


READERS = {
    "elf": (lief.ELF.parse, describe_elf),
    "pe": (lief.PE.parse, describe_pe),
    "mach-o": (lambda path: lief.MachO.parse(path).at(0), describe_mach_o),
}

kind, processor, path = sys.argv[1:]
parse, describe = READERS[kind]
machine, libraries, exports, notes = describe(parse(path))
require(machine in PROCESSORS[processor], f"is for another processor than {processor}: {machine}")
unknown = [name for name in libraries if not SYSTEM_LIBRARIES[kind].fullmatch(name)]
require(not unknown, f"needs {', '.join(unknown)}, which not every system has")
require("napi_register_module_v1" in exports, "does not export its initialization")
others = exports - ENTRY_POINTS
operators = {name for name in others if re.match(r"_Z(nw|na|dl|da)", name)}
if operators:
    notes.append("also exports operator new and delete")
if others - operators:
    notes.append(f"also exports {', '.join(sorted(others - operators))}")
print("; ".join([f"needs {', '.join(dict.fromkeys(libraries))}", *notes]))
