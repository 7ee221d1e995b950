/**
 * @file process.h
 * The C runtime's way to start a thread, for programs that use it instead of CreateThread.
 */
#ifndef WIN32_PROCESS_H
#define WIN32_PROCESS_H

#include <stdint.h>

uintptr_t _beginthreadex(void *Security, unsigned StackSize, unsigned (*Start)(void *), void *Argument,
                         unsigned Flags, unsigned *ThreadId);
void _endthreadex(unsigned ExitCode);

#endif
