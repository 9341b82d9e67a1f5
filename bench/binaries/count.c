// A plugin of qemu-user that counts executed instructions by function: qemu-aarch64 -plugin ./count.so,out=FILE PROGRAM
// For arm64 it also counts those that work on vectors and those that work on single floating-point numbers. The program has one thread.
// Debian does not pack qemu's header, so what is used of version 1 of its interface is declared here.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { ADD_U64 = 0 };
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
const void* qemu_plugin_insn_data(const struct qemu_plugin_insn*);
const char* qemu_plugin_insn_symbol(const struct qemu_plugin_insn*);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn*, int, void*, uint64_t);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb*));
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void*), void*);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum Kind { OTHER, VECTOR, SCALAR, MEMORY, KINDS };
struct Function {
  char name[400];
  uint64_t counts[KINDS];
};
static struct Function functions[20000];
static size_t count = 0;
static char output[400];
static int is_arm = 0;

static struct Function* find(const char* name) {
  if (name == NULL) name = "?";
  for (size_t i = 0; i < count; ++i) {
    if (strncmp(functions[i].name, name, sizeof functions[i].name - 1) == 0) return &functions[i];
  }
  strncpy(functions[count].name, name, sizeof functions[count].name - 1);
  return &functions[count++];
}

// "Arm Architecture Reference Manual", C4.1: the main groups of A64 instructions.
static enum Kind kind_of(uint32_t code) {
  if ((code & 0x0a000000) == 0x08000000) return MEMORY;
  if ((code & 0x0e000000) != 0x0e000000) return OTHER;
  const int is_vector = (code & 0x80000000) == 0 && (code & 0x10000000) == 0;
  return is_vector ? VECTOR : SCALAR;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
    uint32_t code = 0;
    if (is_arm) memcpy(&code, qemu_plugin_insn_data(instruction), sizeof code);
    uint64_t* counter = &find(qemu_plugin_insn_symbol(instruction))->counts[is_arm ? kind_of(code) : OTHER];
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, ADD_U64, counter, 1);
  }
}

static void finish(qemu_plugin_id_t id, void* unused) {
  (void)id, (void)unused;
  FILE* file = fopen(output, "w");
  if (file == NULL) return;
  for (size_t i = 0; i < count; ++i) {
    const struct Function* f = &functions[i];
    fprintf(file, "%s", f->name);
    for (int kind = 0; kind < KINDS; ++kind) fprintf(file, "\t%llu", (unsigned long long)f->counts[kind]);
    fprintf(file, "\n");
  }
  fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc, char** argv) {
  // The first member of qemu_info_t is the name of the processor.
  is_arm = strcmp(*(const char* const*)info, "aarch64") == 0;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "out=", 4) == 0) strncpy(output, argv[i] + 4, sizeof output - 1);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_atexit_cb(id, finish, NULL);
  return 0;
}
