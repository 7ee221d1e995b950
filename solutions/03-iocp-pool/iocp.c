/*
 * The engine: one completion port, and a pool of threads that take completed operations from it.
 *
 * - Every accepted operation gives exactly one packet, also when it succeeded at once. One that fails at once gives
 *   none.
 * - PendingIo counts the operations in flight, and a thread that is at work on the connection. Each adds 1 before it
 *   begins and takes 1 away when it has ended; who comes to 0 is the last that knows the connection, and frees it.
 * - The packet's count passes to the worker that gets the packet: it is at work from then on.
 */
#include "server.h"

HANDLE CompletionPortCreate(void)
{
    /* LAB 3.1 { Make a completion port that lets as many threads run at a time as there are processors.
     * stub: return NULL;
     */
    /* 0: as many threads run at a time as there are processors. The others of the pool replace threads that block. */
    return CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    /* LAB 3.1 } */
}

BOOL CompletionPortAssociateDevice(HANDLE Port, HANDLE Device, ULONG_PTR Key)
{
    /* LAB 3.1 { The same function, called otherwise, ties a device to a port that is there.
     * stub: (void)Port;
     * stub: (void)Device;
     * stub: (void)Key;
     * stub: return FALSE;
     */
    return CreateIoCompletionPort(Device, Port, Key, 0) == Port;
    /* LAB 3.1 } */
}

DWORD WINAPI CompletionPortThread(LPVOID Parameter)
{
    SERVER_CONFIG *Config = Parameter;

    for (;;) {
        DWORD Bytes = 0;
        ULONG_PTR Key = 0;
        OVERLAPPED *Overlapped = NULL;
        /* LAB 3.1 { Wait for a packet. With an OVERLAPPED an operation has ended, well or not: find the connection
         * that the OVERLAPPED lies in, hand over how it ended (OperationDone), and start what comes next
         * (ConnectionRun). A good packet without one, and with the key IO_THREAD_SHUTDOWN, ends the thread; so does
         * the end of the port (any error but WAIT_TIMEOUT, after which you wait again).
         * stub: (void)Config;
         * stub: (void)Bytes;
         * stub: (void)Key;
         * stub: (void)Overlapped;
         * stub: return 1;
         */
        BOOL Good = GetQueuedCompletionStatus(Config->CompletionPort, &Bytes, &Key, &Overlapped, INFINITE);
        DWORD Error = Good ? 0 : GetLastError();

        if (Overlapped != NULL) { /* an operation has ended; well, or with Error */
            OVERLAPPED_EX *Context = CONTAINING_RECORD(Overlapped, OVERLAPPED_EX, Overlapped);

            OperationDone(Context, Bytes, Error);
            ConnectionRun(Context);
        } else if (Good && Key == IO_THREAD_SHUTDOWN) { /* posted by ServerStop */
            return 0;
        } else if (!Good && Error != WAIT_TIMEOUT) { /* no packet: the port itself is gone */
            ErrMsg("a worker lost its port", Error);
            return 1;
        }
        /* LAB 3.1 } */
    }
}

void ConnectionRun(OVERLAPPED_EX *Context)
{
    /* LAB 3.1 { Start the next operation; before that count it in PendingIo. Once it is under way another worker may be
     * at work on the connection: touch nothing of it but PendingIo, to which the lines below give back this thread's
     * own count. One that failed at once gives no packet: take it back from the count, hand over its error
     * (OperationDone), and start what comes next, until one is under way or IOOperation is IO_CLOSE.
     * stub: TodoAnswer(TODO("3.1"), Context->Socket);
     */
    while (Context->IOOperation != IO_CLOSE) {
        InterlockedIncrement(&Context->PendingIo);
        if (OperationBegin(Context)) {
            break; /* its packet may be in another worker's hands by now */
        }
        InterlockedDecrement(&Context->PendingIo); /* no packet will come */
        OperationDone(Context, 0, GetLastError());
    }
    /* LAB 3.1 } */
    if (InterlockedDecrement(&Context->PendingIo) == 0) {
        ConnectionClose(Context);
    }
}
