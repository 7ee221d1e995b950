/**
 * @file todo.h
 * What your server answers as long as parts of it are not written.
 *
 * In the place of a part that you have to write stands a comment, TODO and the number of the task, and behind it often
 * a stub. It may call a function from here, which tells the client which part it was that should have answered. Write
 * the part and delete the stub. When no file has a TODO any more, delete todo.h, todo.c and the lines that include them.
 */
#ifndef TODO_H
#define TODO_H

#include <winsock2.h>

/** A task and the place where it is to be done, as text: TODO("1.2") is "TODO 1.2, threads.c:17". */
#define TODO(Task) "TODO " Task ", " __FILE__ ":" TODO_TEXT(__LINE__)
#define TODO_TEXT(Line) TODO_TEXT_(Line)
#define TODO_TEXT_(Line) #Line

/** Answers a client with 501 and the place, and lets it go. @return SOCKET_ERROR; the last error is WSAECONNABORTED */
int TodoAnswer(const char *Todo, SOCKET Socket);

/**
 * Answers every client like that, in place of the server, until *Stopping is set.
 * @param Listener a socket that listens, or INVALID_SOCKET: then one is made for the port, and the line printed that
 *                 tells where it listens
 * @return INVALID_SOCKET
 */
SOCKET TodoServe(const char *Todo, SOCKET Listener, DWORD Port, volatile LONG *Stopping);

/** Says on stderr what is missing, and ends the program there and then. */
void TodoExit(const char *Todo);

#endif
