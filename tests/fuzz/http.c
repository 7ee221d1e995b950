/*
 * Fuzzes http/: the input is what a client sends on one connection, requests and bodies one behind the other. It is
 * read as by a server, in one piece and in many; what comes out must be the same, and keep the promises of http.h.
 *
 * With clang's libFuzzer (finds the ways by itself), here for a minute:
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -I. -o fuzz-http tests/fuzz/http.c http/[a-z]*.c
 *     mkdir -p found && ./fuzz-http -max_total_time=60 -dict=tests/fuzz/http.dict found tests/fuzz/http
 * With any compiler (a counted, repeatable run; see driver/main.c), here a million inputs:
 *     cc -g -O1 -fsanitize=address,undefined -I. -o fuzz-http tests/fuzz/http.c tests/fuzz/driver/main.c http/[a-z]*.c
 *     ./fuzz-http --runs 1000000 --seed 1 --dict tests/fuzz/http.dict tests/fuzz/http
 * Either way `./fuzz-http FILE` runs one input again. Inputs in tests/fuzz/http/ are plain requests, one idea a file.
 */
#include "http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* The most payload of a body; small, so that the fuzzer gets beyond it. */
#define LIMIT 2000

/* A promise of http.h, or of HTTP. */
#define must(condition) ((condition) ? (void)0 : broken(#condition, __LINE__))

static void broken(const char *condition, int line)
{
    fprintf(stderr, "tests/fuzz/http.c:%d: this does not hold: %s\n", line, condition);
    abort();
}

/* Bytes in memory of exactly their size, for the address sanitizer. */
static char *exact(const char *data, size_t length)
{
    char *copy = malloc(length != 0 ? length : 1);

    must(copy != NULL);
    if (length != 0) {
        memcpy(copy, data, length);
    }
    return copy;
}

/* Where to cut: random, but the same for the same input. */
static size_t piece(uint64_t *random, size_t left)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    size_t most = (*random >> 40) % 4 == 0 ? 1 : 1 + (size_t)(*random >> 33) % 97;
    return most < left ? most : left;
}

/* --- the header's end --------------------------------------------------------------------------------------------- */

/* The bytes arrive in pieces, in a buffer that moves, and what was looked at is wiped out. */
static size_t scan_in_pieces(const char *data, size_t length, uint64_t random)
{
    HTTP_SCAN scan = {0, 0};
    size_t given = 0, end = 0;

    while (end == 0 && given < length) {
        given += piece(&random, length - given);
        char *copy = exact(data, given);
        memset(copy, '\n', scan.Offset);
        end = HttpFindHeaderEnd(&scan, copy, given);
        must(scan.Offset == (end != 0 ? end : given));
        free(copy);
    }
    return end;
}

static size_t check_scan(const char *data, size_t length, uint64_t random)
{
    HTTP_SCAN scan = {0, 0};
    size_t end = HttpFindHeaderEnd(&scan, data, length);

    must(end <= length && scan.Offset == (end != 0 ? end : length));
    must(scan_in_pieces(data, length, random) == end);
    int status = HttpOverflowStatus(data, length);
    must(status == 414 || status == 431);
    must(end == 0 || status == 431);
    return end;
}

/* --- the header --------------------------------------------------------------------------------------------------- */

static int starts_with(const char *line, size_t length, const char *name)
{
    for (; *name != '\0'; name++, line++, length--) {
        char byte = length == 0 ? '\0' : *line;
        if ((byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != *name) {
            return 0;
        }
    }
    return 1;
}

/* An accepted header, read once more in the plainest way: a second opinion on all that smuggling needs. */
static void check_lines(const char *header, size_t length, const HTTP_REQUEST *request)
{
    int lengths = 0, codings = 0, hosts = 0;
    size_t start = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)header[i];
        must(byte >= ' ' || byte == '\t' || byte == '\r' || byte == '\n');
        must(byte != '\r' || (i + 1 < length && header[i + 1] == '\n'));
        must(byte != '\n' || (i > 0 && header[i - 1] == '\r'));
        if (byte == '\n') {
            const char *line = header + start;
            must(*line != ' ' && *line != '\t');
            lengths += starts_with(line, i - start, "content-length:");
            codings += starts_with(line, i - start, "transfer-encoding:");
            hosts += starts_with(line, i - start, "host:");
            start = i + 1;
        }
    }
    must(start == length && length >= 4 && memcmp(header + length - 4, "\r\n\r\n", 4) == 0);
    must(hosts <= 1 && (hosts == 1 || request->MinorVersion == 0));
    must(lengths <= 1 && (lengths == 0 || codings == 0));
    must(request->Framing == (lengths != 0 ? HTTP_BODY_LENGTH : codings != 0 ? HTTP_BODY_CHUNKED : HTTP_BODY_NONE));
    must(codings == 0 || request->MinorVersion == 1);
}

static void check_inside(HTTP_TEXT text, const char *header, size_t length)
{
    must(text.Data == NULL ? text.Length == 0 : text.Data >= header && text.Data + text.Length <= header + length);
    must(text.Length == 0 || (text.Data[0] != ' ' && text.Data[text.Length - 1] != ' '));
}

static int check_request(const char *header, size_t length, HTTP_REQUEST *request)
{
    static const int statuses[] = {0, 400, 414, 417, 431, 501, 505};
    int status = HttpParseRequest(header, length, request), known = 0;

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        known |= status == statuses[i];
    }
    must(known);
    must(request->MinorVersion == 0 || request->MinorVersion == 1);
    const HTTP_TEXT texts[] = {request->MethodName,      request->Target,  request->Host,
                               request->Range,           request->IfRange, request->IfNoneMatch,
                               request->IfModifiedSince, request->Referer, request->UserAgent};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check_inside(texts[i], header, length);
    }
    if (status == 0) {
        must(request->MethodName.Length > 0 && request->Target.Length > 0 && request->Target.Length <= HTTP_MAX_TARGET);
        must(request->Method == HTTP_OTHER || HttpMethodIsKnown(request->MethodName));
        must(length <= HTTP_MAX_HEADER);
        check_lines(header, length, request);
    } else {
        must(!request->KeepAlive);
    }
    return status;
}

/* --- the body ----------------------------------------------------------------------------------------------------- */

typedef struct {
    int answer;
    size_t consumed, length;
    char payload[LIMIT];
} OUTCOME;

static int read_piece(HTTP_BODY *body, const char *data, size_t length, OUTCOME *outcome)
{
    char *copy = exact(data, length);
    size_t used = 0, consumed;
    HTTP_TEXT part;
    int answer;

    while ((answer = HttpBodyRead(body, copy + used, length - used, &consumed, &part)) == HTTP_BODY_PART) {
        must(consumed <= length - used && part.Length > 0 && part.Length <= LIMIT - outcome->length);
        must(part.Data >= copy + used && part.Data + part.Length == copy + used + consumed);
        memcpy(outcome->payload + outcome->length, part.Data, part.Length);
        outcome->length += part.Length;
        used += consumed;
    }
    must(consumed <= length - used && part.Length == 0);
    used += consumed;
    outcome->consumed += used;
    must(answer != HTTP_BODY_MORE || used == length);
    must(answer == HTTP_BODY_MORE || answer == HTTP_BODY_END || answer == 400 || answer == 413 || answer == 431);
    free(copy);
    return answer;
}

static void read_body(const HTTP_REQUEST *request, const char *data, size_t length, uint64_t *random, OUTCOME *outcome)
{
    HTTP_BODY body;
    size_t given = 0;

    memset(outcome, 0, sizeof(*outcome));
    outcome->answer = HttpBodyBegin(&body, request, LIMIT);
    must(outcome->answer == 0 || (outcome->answer == 413 && request->ContentLength > LIMIT));
    if (outcome->answer == 0) {
        outcome->answer = read_piece(&body, data, 0, outcome);
    }
    while (outcome->answer == HTTP_BODY_MORE && given < length) {
        size_t next = random == NULL ? length : piece(random, length - given);
        outcome->answer = read_piece(&body, data + given, next, outcome);
        given += next;
    }
    must(outcome->answer >= 400 || body.Received == outcome->length);
}

/* @return bytes of the body, or length when nothing can follow it */
static size_t check_body(const HTTP_REQUEST *request, const char *data, size_t length, uint64_t random)
{
    static OUTCOME whole, pieces;

    read_body(request, data, length, NULL, &whole);
    read_body(request, data, length, &random, &pieces);
    must(whole.answer == pieces.answer && whole.consumed == pieces.consumed && whole.length == pieces.length);
    must(memcmp(whole.payload, pieces.payload, whole.length) == 0);
    if (request->Framing != HTTP_BODY_CHUNKED) {
        must(whole.length == whole.consumed && memcmp(whole.payload, data, whole.length) == 0);
        must(whole.answer != HTTP_BODY_END || whole.length == request->ContentLength);
    } else if (whole.answer == HTTP_BODY_END) {
        must(whole.consumed >= 5 && memcmp(data + whole.consumed - 4, "\r\n\r\n", 4) == 0);
    }
    return whole.answer == HTTP_BODY_END ? whole.consumed : length;
}

/* --- the path ----------------------------------------------------------------------------------------------------- */

static int is_device(const char *part, size_t length)
{
    static const char *const names[] = {"con",  "prn",  "aux",  "nul",  "com0", "com1", "com2", "com3",
                                        "com4", "com5", "com6", "com7", "com8", "com9", "lpt0", "lpt1",
                                        "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"};
    size_t stem = 0;

    while (stem < length && part[stem] != '.') {
        stem++;
    }
    while (stem > 0 && part[stem - 1] == ' ') {
        stem--;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (stem == strlen(names[i]) && starts_with(part, stem, names[i])) {
            return 1;
        }
    }
    return 0;
}

static size_t count(const char *data, size_t length, char byte)
{
    size_t found = 0;

    for (size_t i = 0; i < length; i++) {
        found += data[i] == byte;
    }
    return found;
}

static void check_path(HTTP_TEXT target)
{
    char path[HTTP_MAX_TARGET + 20], again[HTTP_MAX_TARGET + 20];
    static char encoded[3 * sizeof(path)];
    int status = HttpResolvePath(target, path, sizeof(path));

    must(status == 0 || status == 400 || status == 404 || status == 414);
    if (status != 0) {
        must(path[0] == '\0');
        return;
    }
    size_t length = strlen(path), start = 0;
    must(length < sizeof(path) && path[0] != '/');
    must(count(path, length, '/') < count(target.Data, target.Length, '/') || target.Data[0] != '/');
    for (size_t i = 0; i <= length; i++) {
        must(i == length || ((unsigned char)path[i] >= ' ' && path[i] != 127 && strchr("\\:*?\"<>|", path[i]) == NULL));
        if (i == length || path[i] == '/') {
            must(i > start && path[i - 1] != '.' && path[i - 1] != ' ' && !is_device(path + start, i - start));
            start = i + 1;
        }
    }
    must(HttpResolvePath(target, again, length + 1) == 0 && strcmp(path, again) == 0);
    must(HttpResolvePath(target, again, length) == 414);

    HTTP_TEXT back = {encoded, HttpEncodePath(path, encoded, sizeof(encoded))};
    must(back.Length > 0 && HttpResolvePath(back, again, sizeof(again)) == 0 && strcmp(path, again) == 0);
    must(HttpContentType(path) != NULL);
}

/* --- what of a file is wanted, and the answer --------------------------------------------------------------------- */

static void check_answer(const HTTP_REQUEST *request, const HTTP_FILE *file)
{
    HTTP_RANGE range;
    HTTP_SCAN scan = {0, 0};
    int status = HttpSelect(request, file, &range);
    char out[HTTP_MAX_RESPONSE_HEADER];

    must(status == 200 || status == 206 || status == 304 || status == 416);
    must(status != 200 || (range.First == 0 && range.Last == file->Size - 1));
    must(status != 206 || (range.First <= range.Last && range.Last < file->Size && request->Method == HTTP_GET));
    HTTP_RESPONSE response = {.Status = status,
                              .MinorVersion = request->MinorVersion,
                              .KeepAlive = request->KeepAlive,
                              .ContentLength = range.Last - range.First + 1,
                              .ContentType = "text/html",
                              .ETag = file->ETag,
                              .Range = range,
                              .FileSize = file->Size,
                              .Date = file->Modified,
                              .LastModified = file->Modified};
    size_t length = HttpWriteHeader(&response, out, sizeof(out));
    must(length > 0 && HttpFindHeaderEnd(&scan, out, length) == length);
}

static void check_date(HTTP_TEXT text)
{
    char written[HTTP_DATE_SIZE];
    int64_t time = HttpParseDate(text);

    must(time >= -1);
    if (time >= 0 && time < INT64_C(253402300800)) {
        HttpFormatDate(written, time);
        HTTP_TEXT again = {written, HTTP_DATE_SIZE - 1};
        must(strlen(written) == again.Length && HttpParseDate(again) == time);
    }
}

static void check_file(const HTTP_REQUEST *request)
{
    static const uint64_t sizes[] = {0, 1, 10, 100, UINT64_C(5000000000), UINT64_MAX};
    HTTP_FILE file = {0, 784111777, ""};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        file.Size = sizes[i];
        HttpMakeETag(file.ETag, file.Size, 1);
        check_answer(request, &file);
        strcpy(file.ETag, "\"0123456789ab\""); /* the one in the corpus */
        check_answer(request, &file);
    }
    check_date(request->IfModifiedSince);
    check_date(request->IfRange);
}

/* --- a connection ------------------------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const char *data = (const char *)input;
    uint64_t random = size;

    for (size_t i = 0; i < size; i++) {
        random = (random ^ input[i]) * 0x100000001B3u;
    }
    HTTP_TEXT all = {data, size};
    check_path(all); /* the input as a target, and as a date: the shorter way to both */
    check_date(all);
    while (size > 0) {
        HTTP_REQUEST request;
        size_t end = check_scan(data, size, random);
        if (end == 0) {
            break;
        }
        char *header = exact(data, end);
        int status = check_request(header, end, &request);
        if (status == 0) {
            check_path(request.Target);
            check_file(&request);
            end += check_body(&request, data + end, size - end, random);
        }
        free(header);
        if (status != 0) {
            break;
        }
        data += end;
        size -= end;
    }
    return 0;
}
