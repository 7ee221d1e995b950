/*
 * ask.c PORT COUNT - one client, one connection, so many requests one after the other: always the same work, so that
 * instructions can be counted.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char request[] = "GET /small.txt HTTP/1.1\r\nHost: cost\r\n\r\n";

/* Takes one answer. @return whether it is whole and says 200 */
static int take(int client)
{
    char answer[4096], *end = NULL, *length;
    size_t got = 0;
    ssize_t some;
    while (got < sizeof answer - 1 && (some = recv(client, answer + got, sizeof answer - 1 - got, 0)) > 0) {
        got += (size_t)some;
        answer[got] = 0;
        end = strstr(answer, "\r\n\r\n");
        length = end ? strstr(answer, "Content-Length: ") : NULL;
        if (length && got == (size_t)(end + 4 - answer) + strtoul(length + 16, NULL, 10))
            return strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
    }
    return 0;
}

int main(int count, char **arguments)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (count != 3)
        return 2;
    address.sin_port = htons((uint16_t)atoi(arguments[1]));
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("ask: connect");
        return 1;
    }
    for (long i = atol(arguments[2]); i > 0; i--) {
        if (send(client, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1 || !take(client)) {
            fprintf(stderr, "ask: a request was not answered\n");
            return 1;
        }
    }
    close(client);
    return 0;
}
