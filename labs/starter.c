/*
 * starter.c - makes a lab's starter from its solution.
 *
 *     starter [--done N.M] OUT FILE...
 *
 * Each FILE of a solution is written to the folder OUT with the parts left out that students are to write. In the
 * solution such a part stands between two comments, each on lines of its own:
 *
 *     / * LAB 1.3 { What is to be done, in a sentence or two; the text may go on
 *      * in further lines.
 *      * stub: return FALSE;
 *      * /
 *     the part
 *     / * LAB 1.3 } * /
 *
 * (without the spaces in the slashes and stars). In the starter the text stands there as a comment, "TODO 1.3: What...",
 * and behind it what the "stub:" lines say, one line of code each: the least that compiles without a warning. Comments of
 * their own mark where it begins and ends, as it is all that is to be deleted. A task may have several parts, in several
 * files; parts do not lie in one another.
 *
 * With --done the tasks up to that one keep their parts, so that it can be shown which tests a task turns green.
 *
 * A file that gets a call of the functions in todo.h includes it, behind its first include of a header of its own.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 1024
#define TEXT_SIZE 65536

/* One file on its way. */
typedef struct FILE_STATE {
    const char *Name;
    FILE *In;
    int Number;           /* of the line read last */
    char Line[LINE_SIZE]; /* that line, without its end */
    char Text[TEXT_SIZE]; /* what is to be written */
    size_t Length;
    size_t IncludeAt; /* where the include of todo.h would go, or 0 */
    int NeedsInclude;
} FILE_STATE;

/* What a line says about tasks. */
typedef enum MARK { MARK_NONE, MARK_BEGIN, MARK_END } MARK;

static void Stop(const FILE_STATE *File, const char *What)
{
    fprintf(stderr, "starter: %s:%d: %s\n", File->Name, File->Number, What);
    exit(1);
}

static int ReadLine(FILE_STATE *File)
{
    size_t Length;

    if (fgets(File->Line, sizeof(File->Line), File->In) == NULL) {
        return 0;
    }
    File->Number++;
    Length = strlen(File->Line);
    if (Length == 0 || File->Line[Length - 1] != '\n') {
        Stop(File, "the line is too long, or does not end");
    }
    File->Line[Length - 1] = '\0';
    return 1;
}

/* Adds a line: an indentation and two texts. */
static void Put(FILE_STATE *File, int Indent, const char *First, const char *Second)
{
    int Length = snprintf(File->Text + File->Length, TEXT_SIZE - File->Length, "%*s%s%s\n", Indent, "", First, Second);

    if (Length < 0 || (size_t)Length >= TEXT_SIZE - File->Length) {
        Stop(File, "the file is too long");
    }
    File->Length += (size_t)Length;
}

static const char *SkipSpace(const char *Text)
{
    return Text + strspn(Text, " ");
}

/* Finds whether the line is a mark; then Task is its number, and Rest what stands behind the brace. */
static MARK MarkRead(const FILE_STATE *File, char Task[16], const char **Rest)
{
    const char *At = SkipSpace(File->Line);
    size_t Length;

    if (strstr(File->Line, "/* LAB") == NULL) {
        return MARK_NONE;
    }
    if (strncmp(At, "/* LAB ", 7) != 0) {
        Stop(File, "a mark has its line for itself");
    }
    At += 7;
    Length = strspn(At, "0123456789.");
    if (Length < 3 || Length > 7 || !isdigit((unsigned char)At[0]) || At[1] != '.' || At[Length] != ' ') {
        Stop(File, "a mark has a task's number, as 1.3");
    }
    memcpy(Task, At, Length);
    Task[Length] = '\0';
    At += Length + 1;
    if (strcmp(At, "} */") == 0) {
        return MARK_END;
    }
    if (strncmp(At, "{ ", 2) != 0) {
        Stop(File, "a mark has { and a text, or } and nothing");
    }
    *Rest = SkipSpace(At + 1);
    return MARK_BEGIN;
}

/* Cuts the end of a comment off. @return whether it was there */
static int CommentEnd(char *Text)
{
    size_t Length = strlen(Text);

    if (Length < 2 || strcmp(Text + Length - 2, "*/") != 0) {
        return 0;
    }
    Length -= 2;
    while (Length > 0 && Text[Length - 1] == ' ') {
        Length--;
    }
    Text[Length] = '\0';
    return 1;
}

/* Reads the comment of a mark, from the line at hand on, and writes it as a TODO with its stub, unless Skip is set. */
static void TodoPut(FILE_STATE *File, const char *Task, const char *Rest, int Skip)
{
    enum { MOST = 24 };
    static char Text[MOST][LINE_SIZE];
    static char Stub[MOST][LINE_SIZE];
    int Indent = (int)(SkipSpace(File->Line) - File->Line);
    int Texts = 1;
    int Stubs = 0;
    int Ended;

    snprintf(Text[0], LINE_SIZE, "TODO %s: %s", Task, Rest);
    Ended = CommentEnd(Text[0]);
    while (!Ended) {
        const char *At;

        if (!ReadLine(File) || Texts == MOST || Stubs == MOST) {
            Stop(File, "the comment of a mark does not end");
        }
        Ended = CommentEnd(File->Line);
        At = SkipSpace(File->Line);
        At = *At == '*' ? SkipSpace(At + 1) : At;
        if (strncmp(At, "stub:", 5) == 0) {
            strcpy(Stub[Stubs++], At[5] == ' ' ? At + 6 : At + 5);
        } else if (*At != '\0' && Stubs > 0) {
            Stop(File, "the text comes before the stub");
        } else if (*At != '\0') {
            strcpy(Text[Texts++], At);
        }
    }
    if (Skip) {
        return;
    }
    if (Texts == 1) {
        strcat(Text[0], " */");
        Put(File, Indent, "/* ", Text[0]);
    } else {
        Put(File, Indent, "/*", "");
        for (int i = 0; i < Texts; i++) {
            Put(File, Indent, " * ", Text[i]);
        }
        Put(File, Indent, " */", "");
    }
    if (Stubs > 0) {
        Put(File, Indent, "/* stub */", "");
    }
    for (int i = 0; i < Stubs; i++) {
        Put(File, Stub[i][0] != '\0' ? Indent : 0, Stub[i], "");
        File->NeedsInclude |= strstr(Stub[i], "TODO(") != NULL;
    }
    if (Stubs > 0) {
        Put(File, Indent, "/* end of stub */", "");
    }
}

/* Tasks of a lab are numbered from 1: 3.2 is not after 3.10. */
static int IsDone(const char *Task, const char *Done)
{
    return Done != NULL && atoi(strchr(Task, '.') + 1) <= atoi(strchr(Done, '.') + 1);
}

static void FileMake(FILE_STATE *File, const char *Done)
{
    char Open[16] = ""; /* the task whose part is being read */
    char Task[16];
    const char *Rest;
    int Keep = 1;

    while (ReadLine(File)) {
        switch (MarkRead(File, Task, &Rest)) {
        case MARK_BEGIN:
            if (Open[0] != '\0') {
                Stop(File, "a task begins inside another");
            }
            strcpy(Open, Task);
            Keep = IsDone(Task, Done);
            TodoPut(File, Task, Rest, Keep);
            break;
        case MARK_END:
            if (strcmp(Open, Task) != 0) {
                Stop(File, "a task ends that did not begin");
            }
            Open[0] = '\0';
            Keep = 1;
            break;
        default:
            if (Keep) {
                Put(File, 0, File->Line, "");
            }
            if (File->IncludeAt == 0 && strncmp(File->Line, "#include \"", 10) == 0) {
                File->IncludeAt = File->Length;
            }
            break;
        }
    }
    if (Open[0] != '\0') {
        Stop(File, "a task does not end");
    }
}

static void FileWrite(FILE_STATE *File, const char *Folder)
{
    static const char Include[] = "#include \"todo.h\"\n";
    const char *Slash = strrchr(File->Name, '/');
    char Path[LINE_SIZE];
    FILE *Out;
    size_t At = File->NeedsInclude ? File->IncludeAt : File->Length;

    snprintf(Path, sizeof(Path), "%s/%s", Folder, Slash != NULL ? Slash + 1 : File->Name);
    Out = fopen(Path, "wb");
    if (Out == NULL) {
        fprintf(stderr, "starter: cannot write %s\n", Path);
        exit(1);
    }
    fwrite(File->Text, 1, At, Out);
    if (File->NeedsInclude) {
        fwrite(Include, 1, sizeof(Include) - 1, Out);
        fwrite(File->Text + At, 1, File->Length - At, Out);
    }
    if (fclose(Out) != 0) {
        fprintf(stderr, "starter: cannot write %s\n", Path);
        exit(1);
    }
}

int main(int Count, char **Arguments)
{
    static FILE_STATE File;
    const char *Done = NULL;
    int Next = 1;

    if (Count > 2 && strcmp(Arguments[1], "--done") == 0 && strchr(Arguments[2], '.') != NULL) {
        Done = Arguments[2];
        Next = 3;
    }
    if (Count < Next + 2) {
        fprintf(stderr, "usage: starter [--done N.M] OUT FILE...\n");
        return 2;
    }
    for (int i = Next + 1; i < Count; i++) {
        memset(&File, 0, sizeof(File));
        File.Name = Arguments[i];
        File.In = fopen(File.Name, "rb");
        if (File.In == NULL) {
            fprintf(stderr, "starter: cannot read %s\n", File.Name);
            return 1;
        }
        FileMake(&File, Done);
        fclose(File.In);
        FileWrite(&File, Arguments[Next]);
    }
    return 0;
}
