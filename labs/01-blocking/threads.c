/*
 * The engine: a thread for each connection.
 *
 * OperationBegin blocks until the operation has ended, so the whole conversation with a client reads from top to
 * bottom. The price is a thread, with its stack, for every client, busy or idle, and a switch between threads for
 * every one that becomes busy.
 */
#include "server.h"
#include "todo.h"

DWORD WINAPI ConnectionThread(LPVOID Parameter)
{
    OVERLAPPED_EX *Context = Parameter;

    /*
     * TODO 1.2: Until the next operation is IO_CLOSE: do it (OperationBegin), then hand over how it ended
     * (OperationDone): the bytes that were moved, or the error.
     */
    /* stub */
    TodoAnswer(TODO("1.2"), Context->Socket);
    /* end of stub */
    ConnectionClose(Context);
    return 0;
}
