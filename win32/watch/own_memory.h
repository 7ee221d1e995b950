/**
 * @file own_memory.h
 * windows.h renames free and realloc for programs, so that verifier/memory.c may look at what they free. The port's
 * own memory is nobody else's concern: this takes the names back. Included after windows.h wherever the port frees.
 */
#undef free
#undef realloc
