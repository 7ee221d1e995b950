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
    const char **Folder = strcmp(Name, "--root") == 0 ? &Config->Root : &Config->Uploads;
    BOOL IsFolder = strcmp(Name, "--root") == 0 || strcmp(Name, "--uploads") == 0;
    size_t i = 0;

    while (i < Count && strcmp(Name, Numbers[i].Name) != 0) {
        i++;
    }
    if (!IsFolder && i == Count) {
        UserMsg("unknown option '%s'; --help lists them", Name);
        return FALSE;
    }
    if (Value == NULL) {
        UserMsg("%s needs a value", Name);
        return FALSE;
    }
    if (IsFolder) {
        *Folder = Value;
        return TRUE;
    }
    return NumberRead(&Numbers[i], Value);
}

int OptionsRead(SERVER_CONFIG *Config, int ArgumentCount, char **Arguments)
{
    const NUMBER_OPTION Numbers[] = {
        {"--port", &Config->ServerPort, 0, 65535, "listen there; 0 takes any free port"},
        {"--threads-per-cpu", &Config->ThreadsPerCPU, 1, 32, "workers for each processor"},
        {"--buffer", &Config->SockBuffLen, 1, HTTP_MAX_HEADER, "bytes of a connection's first buffer"},
        {"--header-timeout", &Config->HeaderTimeout, 1, 3600, "seconds for a request's header"},
        {"--idle-timeout", &Config->IdleTimeout, 1, 3600, "seconds without a byte"},
        {"--accepts", &Config->Accepts, 1, 1024, "AcceptEx calls that wait for clients"},
        {"--drain", &Config->DrainTimeout, 0, 3600, "seconds that Ctrl-C gives to what is in flight"},
    };
    const size_t Count = sizeof(Numbers) / sizeof(Numbers[0]);

    Config->Root = ".";
    Config->ServerPort = 8080;
    Config->ThreadsPerCPU = 2;
    Config->SockBuffLen = 16384;
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
