/* The command line. Every stage reads the same options; a wrong one is named in a single line. */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An option with a number. A table, so that a new one is a line here. */
typedef struct NUMBER_OPTION {
    const char *Name;
    DWORD *Value;
    DWORD Least;
    DWORD Most;
    const char *Help;
} NUMBER_OPTION;

static void HelpPrint(const NUMBER_OPTION *Option, size_t Count)
{
    printf("server [options]\n"
           "  --root DIR             serve the files below DIR (default: the current folder)\n"
           "  --uploads DIR          let clients PUT files below DIR (default: nobody may)\n"
           "  --first-data           accept a client only together with its first bytes\n"
           "  --log FILE             write a line for each request (default: none)\n"
           "  --guestbook FILE       keep the guestbook in this data base (default: it is closed)\n"
           "  --trace                print every completed operation\n"
           "  --help                 print this\n");
    for (; Count > 0; Count--, Option++) {
        printf("  %-17s N    %s (%lu to %lu, default %lu)\n", Option->Name, Option->Help, (unsigned long)Option->Least,
               (unsigned long)Option->Most, (unsigned long)*Option->Value);
    }
}

/* Reads a decimal number and nothing else. */
static BOOL NumberRead(const NUMBER_OPTION *Option, const char *Text)
{
    char *End;
    unsigned long Value = strtoul(Text, &End, 10);

    if (Text[0] < '0' || Text[0] > '9' || *End != '\0' || Value < Option->Least || Value > Option->Most) {
        UserMsg("%s takes a number from %lu to %lu, not '%s'", Option->Name, (unsigned long)Option->Least,
                (unsigned long)Option->Most, Text);
        return FALSE;
    }
    *Option->Value = (DWORD)Value;
    return TRUE;
}

static BOOL FolderCheck(const char *Path)
{
    DWORD Attributes = GetFileAttributesA(Path);

    if (Attributes == INVALID_FILE_ATTRIBUTES || !(Attributes & FILE_ATTRIBUTE_DIRECTORY) || strlen(Path) > MAX_PATH) {
        UserMsg("'%s' is not a folder that can be served", Path);
        return FALSE;
    }
    return TRUE;
}

/* Takes an option that has a value. */
static BOOL OptionTake(SERVER_CONFIG *Config, const NUMBER_OPTION *Numbers, size_t Count, const char *Name,
                       const char *Value)
{
    const struct {
        const char *Name;
        const char **Value;
    } Texts[] = {{"--root", &Config->Root},
                 {"--uploads", &Config->Uploads},
                 {"--log", &Config->LogName},
                 {"--guestbook", &Config->Guestbook}};
    const char **Text = NULL;
    size_t i = 0;

    for (size_t k = 0; k < sizeof(Texts) / sizeof(Texts[0]); k++) {
        Text = strcmp(Name, Texts[k].Name) == 0 ? Texts[k].Value : Text;
    }
    while (i < Count && strcmp(Name, Numbers[i].Name) != 0) {
        i++;
    }
    if (Text == NULL && i == Count) {
        UserMsg("unknown option '%s'; --help lists them", Name);
        return FALSE;
    }
    if (Value == NULL) {
        UserMsg("%s needs a value", Name);
        return FALSE;
    }
    if (Text != NULL) {
        *Text = Value;
        return TRUE;
    }
    return NumberRead(&Numbers[i], Value);
}

int OptionsRead(SERVER_CONFIG *Config, int ArgumentCount, char **Arguments)
{
    const NUMBER_OPTION Numbers[] = {
        {"--port", &Config->ServerPort, 0, 65535, "listen there; 0 takes any free port"},
        {"--threads-per-cpu", &Config->ThreadsPerCPU, 1, 32, "workers for each processor"},
        {"--buffer", &Config->SockBuffLen, 1, HTTP_MAX_HEADER, "bytes of a request's first buffer"},
        {"--buffers", &Config->Buffers, 1, 60000, "how many of them there are; and a large one for 16"},
        {"--reads", &Config->Reads, 1, 16, "reads in flight for a long body or file"},
        {"--writes", &Config->Writes, 1, 16, "writes in flight on one socket"},
        {"--sndbuf", &Config->SendBuffer, 0, 1u << 30, "SO_SNDBUF; 0: send from the program's pages"},
        {"--hot", &Config->Hot, 0, 1u << 20, "KB of memory for files that are asked for often"},
        {"--hot-age", &Config->HotAge, 0, 3600000, "milliseconds that such a file may be out of date"},
        {"--transmit", &Config->Transmit, 0, 1u << 30, "files of so many KB leave by TransmitFile; 0: none"},
        {"--business", &Config->Business, 1, 64, "threads for work that blocks, at most"},
        {"--header-timeout", &Config->HeaderTimeout, 1, 3600, "seconds for a request's header"},
        {"--idle-timeout", &Config->IdleTimeout, 1, 3600, "seconds without a byte"},
        {"--accepts", &Config->Accepts, 1, 1024, "AcceptEx calls that wait for clients"},
        {"--drain", &Config->DrainTimeout, 0, 3600, "seconds that Ctrl-C gives to what is in flight"},
    };
    const size_t Count = sizeof(Numbers) / sizeof(Numbers[0]);

    Config->Root = ".";
    Config->ServerPort = 8080;
    Config->ThreadsPerCPU = 2;
    Config->SockBuffLen = 4096 - BUFFER_TAIL; /* one page with its tail */
    Config->Buffers = 4096;
    Config->Reads = 2;
    Config->Writes = 1;
    Config->SendBuffer = INFINITE;
    Config->Business = 8;
    Config->HeaderTimeout = 10;
    Config->IdleTimeout = 30;
    Config->DrainTimeout = 5;
    Config->Accepts = 32;
    for (int i = 1; i < ArgumentCount; i++) {
        if (strcmp(Arguments[i], "--help") == 0) {
            HelpPrint(Numbers, Count);
            return 0;
        }
        if (strcmp(Arguments[i], "--trace") == 0) {
            Config->Trace = TRUE;
        } else if (strcmp(Arguments[i], "--first-data") == 0) {
            Config->FirstData = TRUE;
        } else if (OptionTake(Config, Numbers, Count, Arguments[i], i + 1 < ArgumentCount ? Arguments[i + 1] : NULL)) {
            i++;
        } else {
            return 2;
        }
    }
    return FolderCheck(Config->Root) && (Config->Uploads == NULL || FolderCheck(Config->Uploads)) ? -1 : 2;
}
