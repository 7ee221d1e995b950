/*
 * The guestbook: business logic that blocks, on SQLite.
 *
 *     GET  /guestbook        the newest entries as a page, with a form to sign
 *     GET  /guestbook.json   the same as JSON
 *     POST /guestbook        name=…&text=… as a form sends them; 303 to the page, 400 when there is no text in it
 *
 * It is open when the server was built with HAVE_SQLITE and started with --guestbook FILE. Otherwise all three answer 501
 * and say why.
 *
 * What visitors write never becomes part of anything else. Into the data base it goes as a parameter, not as SQL; into
 * the page and the JSON it goes escaped.
 */
#include "server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef HAVE_SQLITE
#include <sqlite3.h>
#endif

/* How many entries a page shows, and how long a name and a text may be, in bytes. */
#define GUESTBOOK_SHOWN 100
#define GUESTBOOK_NAME 100u
#define GUESTBOOK_TEXT 4000u

#ifdef HAVE_SQLITE
#define IS_BUILT TRUE
#else
#define IS_BUILT FALSE
#endif

BOOL GuestbookIsOpen(SERVER_CONFIG *Config)
{
    return IS_BUILT && Config->Guestbook != NULL;
}

/* --- text --------------------------------------------------------------------------------------------------------- */

/* Adds text to a buffer. @return FALSE when it does not fit; nothing was added then */
static BOOL Add(BUFFER *Page, const char *Text, size_t Length)
{
    if (Length > Page->Size - Page->Filled) {
        return FALSE;
    }
    memcpy(Page->Data + Page->Filled, Text, Length);
    Page->Filled += (DWORD)Length;
    return TRUE;
}

static BOOL AddText(BUFFER *Page, const char *Text)
{
    return Add(Page, Text, strlen(Text));
}

/* The text that says that there is no guestbook. */
static void GuestbookClosed(OVERLAPPED_EX *Context)
{
    BUFFER *Page = ChainTake(&Context->Spare);

    AddText(Page, IS_BUILT ? "501 The guestbook is closed: start the server with --guestbook FILE.\n"
                           : "501 The guestbook is closed: this server was built without SQLite (HAVE_SQLITE).\n");
    ChainAppend(&Context->Chain, Page);
    AnswerText(Context, 501, "text/plain");
}

#ifndef HAVE_SQLITE

void GuestbookShow(OVERLAPPED_EX *Context, BOOL Json)
{
    (void)Json;
    BufferNeed(Context, &Context->Config->Large, 1, GuestbookClosed);
}

void GuestbookSign(OVERLAPPED_EX *Context)
{
    AnswerRefusal(Context, 501); /* not reached: nobody begins to read the body */
}

void GuestbookLeave(void **State)
{
    (void)State;
}

#else

/* --- the data base: each thread of the pool has a connection of its own ------------------------------------------- */

/* How long a thread waits for another one that writes, in milliseconds. */
#define DATABASE_PATIENCE 10000

/* Held while a connection is prepared: a data base that is turned to WAL by two at a time is "locked" for one of them,
 * however patient it is. No other lock is taken under it. */
static SRWLOCK Preparing = SRWLOCK_INIT;

static void DatabaseClose(void **State)
{
    sqlite3_close(*State);
    *State = NULL;
}

/* The thread's connection, made when it is first needed. @return NULL when that failed */
static sqlite3 *DatabaseOpen(SERVER_CONFIG *Config, void **State)
{
    static const char Prepare[] =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE IF NOT EXISTS guestbook (id INTEGER PRIMARY KEY, at INTEGER, name TEXT, text TEXT);";
    sqlite3 *Database = *State;

    if (Database != NULL) {
        return Database;
    }
    if (sqlite3_open(Config->Guestbook, &Database) == SQLITE_OK) {
        int Result;

        sqlite3_busy_timeout(Database, DATABASE_PATIENCE);
        AcquireSRWLockExclusive(&Preparing);
        Result = sqlite3_exec(Database, Prepare, NULL, NULL, NULL);
        ReleaseSRWLockExclusive(&Preparing);
        if (Result == SQLITE_OK) {
            *State = Database;
            return Database;
        }
    }
    UserMsg("guestbook '%s': %s", Config->Guestbook, sqlite3_errmsg(Database));
    sqlite3_close(Database);
    return NULL;
}

void GuestbookLeave(void **State)
{
    DatabaseClose(State);
}

/* --- showing ------------------------------------------------------------------------------------------------------ */

/* What stands for a byte that means something where it is put; or NULL for a byte that is put as it is. */
static const char *Escape(unsigned char Byte, BOOL Json, char Room[8])
{
    if (Json ? Byte == '"' || Byte == '\\' || Byte == '<' || Byte < ' ' : Byte < ' ' && Byte != '\n') {
        snprintf(Room, 8, Json ? "\\u%04x" : " ", (unsigned)Byte);
        return Room;
    }
    if (!Json) {
        switch (Byte) {
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '&':
            return "&amp;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            break;
        }
    }
    return NULL;
}

/* Adds what a visitor wrote. @return as Add, but a part may have been added */
static BOOL AddEscaped(BUFFER *Page, const char *Text, size_t Length, BOOL Json)
{
    BOOL Good = TRUE;
    char Room[8];

    for (size_t i = 0; i < Length && Good; i++) {
        const char *Instead = Escape((unsigned char)Text[i], Json, Room);

        Good = Instead != NULL ? AddText(Page, Instead) : Add(Page, Text + i, 1);
    }
    return Good;
}

static const char PageHead[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Guestbook</title>"
    "<link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>\n<h1>Guestbook</h1>\n"
    "<form method=\"post\" action=\"/guestbook\"><p><label>Name <input name=\"name\" maxlength=\"60\"></label></p>"
    "<p><label>Text <textarea name=\"text\" rows=\"4\" cols=\"60\" maxlength=\"1000\" required></textarea></label></p>"
    "<p><button>Sign</button></p></form>\n";

/* Adds the text of a column. @return as Add */
static BOOL AddColumn(BUFFER *Page, sqlite3_stmt *Row, int Column, BOOL Json)
{
    const char *Text = (const char *)sqlite3_column_text(Row, Column);

    return AddEscaped(Page, Text != NULL ? Text : "", (size_t)sqlite3_column_bytes(Row, Column), Json);
}

/* Adds an entry, or nothing when it does not fit. @return FALSE then */
static BOOL AddEntry(BUFFER *Page, sqlite3_stmt *Row, BOOL Json, BOOL IsFirst)
{
    const DWORD Before = Page->Filled;
    char Date[HTTP_DATE_SIZE];
    char Number[64];
    BOOL Good;

    HttpFormatDate(Date, sqlite3_column_int64(Row, 1));
    if (Json) {
        snprintf(Number, sizeof(Number), "%s\n {\"id\": %lld, \"at\": \"", IsFirst ? "" : ",",
                 (long long)sqlite3_column_int64(Row, 0));
        Good = AddText(Page, Number) && AddText(Page, Date) && AddText(Page, "\", \"name\": \"") &&
               AddColumn(Page, Row, 2, TRUE) && AddText(Page, "\", \"text\": \"") && AddColumn(Page, Row, 3, TRUE) &&
               AddText(Page, "\"}");
    } else {
        Good = AddText(Page, "<article><h2>") && AddColumn(Page, Row, 2, FALSE) &&
               AddText(Page, "</h2>\n<p style=\"white-space: pre-line\">") && AddColumn(Page, Row, 3, FALSE) &&
               AddText(Page, "</p>\n<p><small>") && AddText(Page, Date) && AddText(Page, "</small></p></article>\n");
    }
    if (!Good) {
        Page->Filled = Before;
    }
    return Good;
}

/* The job: writes the newest entries, as many as fit, into the buffer of Chain. The page's end goes into its tail. */
static void ShowJob(OVERLAPPED_EX *Context, void **State)
{
    static const char Select[] = "SELECT id, at, name, text FROM guestbook ORDER BY id DESC LIMIT ?1";
    const BOOL Json = Context->JobJson;
    const char *End = Json ? "\n]\n" : "</body>\n</html>\n";
    sqlite3 *Database = DatabaseOpen(Context->Config, State);
    BUFFER *Page = Context->Chain.First;
    sqlite3_stmt *Row = NULL;
    BOOL IsFirst = TRUE;

    Context->JobStatus = 500;
    if (Database == NULL || sqlite3_prepare_v2(Database, Select, -1, &Row, NULL) != SQLITE_OK) {
        return;
    }
    sqlite3_bind_int(Row, 1, GUESTBOOK_SHOWN);
    AddText(Page, Json ? "[" : PageHead);
    while (sqlite3_step(Row) == SQLITE_ROW && AddEntry(Page, Row, Json, IsFirst)) {
        IsFirst = FALSE;
    }
    memcpy(Page->Data + Page->Filled, End, strlen(End));
    Page->Filled += (DWORD)strlen(End);
    sqlite3_finalize(Row);
    Context->JobStatus = 200;
}

static void ShowDone(OVERLAPPED_EX *Context)
{
    if (Context->JobStatus == 200) {
        AnswerText(Context, 200, Context->JobJson ? "application/json" : "text/html; charset=utf-8");
    } else {
        AnswerPlain(Context, Context->JobStatus, NULL);
    }
}

/* A buffer for the page is there. */
static void ShowBegin(OVERLAPPED_EX *Context)
{
    ChainAppend(&Context->Chain, ChainTake(&Context->Spare));
    NextBusiness(Context, ShowJob, ShowDone);
}

void GuestbookShow(OVERLAPPED_EX *Context, BOOL Json)
{
    Context->JobJson = Json;
    BufferNeed(Context, &Context->Config->Large, 1, GuestbookIsOpen(Context->Config) ? ShowBegin : GuestbookClosed);
}

/* --- signing ------------------------------------------------------------------------------------------------------ */

static int HexDigit(char Digit)
{
    return Digit >= '0' && Digit <= '9'   ? Digit - '0'
           : Digit >= 'a' && Digit <= 'f' ? Digit - 'a' + 10
           : Digit >= 'A' && Digit <= 'F' ? Digit - 'A' + 10
                                          : -1;
}

/* Decodes a value of a form where it lies: '+' is a space, %XX a byte. */
static void FormDecode(char *Text, size_t *Length)
{
    char *Out = Text;

    for (size_t i = 0; i < *Length; i++) {
        if (Text[i] == '%' && *Length - i > 2 && HexDigit(Text[i + 1]) >= 0 && HexDigit(Text[i + 2]) >= 0) {
            *Out++ = (char)(HexDigit(Text[i + 1]) * 16 + HexDigit(Text[i + 2]));
            i += 2;
        } else {
            *Out++ = (char)(Text[i] == '+' ? ' ' : Text[i]);
        }
    }
    *Length = (size_t)(Out - Text);
}

/* Finds a value, still encoded, in a form that begins with Name, '=' included. @return NULL when it is not there */
static char *FormFind(char *At, char *End, const char *Name, size_t *Length)
{
    const size_t NameLength = strlen(Name);

    *Length = 0;
    while (At < End) {
        char *Next = memchr(At, '&', (size_t)(End - At));

        Next = Next != NULL ? Next : End;
        if ((size_t)(Next - At) >= NameLength && memcmp(At, Name, NameLength) == 0) {
            *Length = (size_t)(Next - At) - NameLength;
            return At + NameLength;
        }
        At = Next + 1;
    }
    return NULL;
}

/* Whether a text is UTF-8 and has no zero in it: otherwise the JSON would be none. */
static BOOL TextIsGood(const char *Text, size_t Length)
{
    size_t i = 0;

    while (i < Length) {
        const unsigned char Byte = (unsigned char)Text[i++];
        const int More = Byte >= 0xF0 ? 3 : Byte >= 0xE0 ? 2 : Byte >= 0xC0 ? 1 : 0;
        unsigned Code = More == 3 ? Byte & 7u : More == 2 ? Byte & 15u : Byte & 31u;

        if (Byte == 0 || (Byte >= 0x80 && Byte < 0xC2) || Byte > 0xF4) {
            return FALSE;
        }
        for (int k = 0; k < More; k++, i++) {
            if (i >= Length || ((unsigned char)Text[i] & 0xC0) != 0x80) {
                return FALSE;
            }
            Code = Code << 6 | ((unsigned char)Text[i] & 63u);
        }
        if ((More == 2 && (Code < 0x800 || (Code >= 0xD800 && Code < 0xE000))) ||
            (More == 3 && (Code < 0x10000 || Code > 0x10FFFF))) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Puts a row into the table. @return the status to answer */
static int DatabaseInsert(sqlite3 *Database, LONGLONG Now, const char *Name, size_t NameLength, const char *Text,
                          size_t TextLength)
{
    static const char Insert[] = "INSERT INTO guestbook (at, name, text) VALUES (?1, ?2, ?3)";
    sqlite3_stmt *Row = NULL;
    int Status = 500;

    if (sqlite3_prepare_v2(Database, Insert, -1, &Row, NULL) == SQLITE_OK) {
        sqlite3_bind_int64(Row, 1, Now);
        sqlite3_bind_text(Row, 2, Name, (int)NameLength, SQLITE_STATIC);
        sqlite3_bind_text(Row, 3, Text, (int)TextLength, SQLITE_STATIC);
        Status = sqlite3_step(Row) == SQLITE_DONE ? 303 : 500;
    }
    if (Status == 500) {
        UserMsg("guestbook: %s", sqlite3_errmsg(Database));
    }
    sqlite3_finalize(Row);
    return Status;
}

/* The job: reads the form in Context->Buffer, and stores it. */
static void SignJob(OVERLAPPED_EX *Context, void **State)
{
    char *End = Context->Buffer + Context->Payload;
    size_t NameLength, TextLength;
    char *Name = FormFind(Context->Buffer, End, "name=", &NameLength);
    char *Text = FormFind(Context->Buffer, End, "text=", &TextLength);
    sqlite3 *Database;

    /* Only now that both are found: a decoded '&' would make new values. */
    FormDecode(Name, &NameLength);
    FormDecode(Text, &TextLength);
    Context->JobStatus = 400;
    if (TextLength == 0 || TextLength > GUESTBOOK_TEXT || NameLength > GUESTBOOK_NAME ||
        !TextIsGood(Text, TextLength) || !TextIsGood(Name, NameLength)) {
        return;
    }
    Context->JobStatus = 500;
    Database = DatabaseOpen(Context->Config, State);
    if (Database != NULL) {
        Context->JobStatus =
            DatabaseInsert(Database, InterlockedCompareExchange64(&Context->Config->Now, 0, 0),
                           NameLength > 0 ? Name : "somebody", NameLength > 0 ? NameLength : 8, Text, TextLength);
    }
}

static void SignDone(OVERLAPPED_EX *Context)
{
    BufferDrop(Context, Context->Payload);
    Context->Payload = 0;
    AnswerPlain(Context, Context->JobStatus, Context->JobStatus == 303 ? "/guestbook" : NULL);
}

void GuestbookSign(OVERLAPPED_EX *Context)
{
    NextBusiness(Context, SignJob, SignDone);
}

#endif
