/* The two tables: reason phrases of statuses, media types of file endings. */
#include "text.h"

#include <string.h>

const char *HttpReason(int Status)
{
    static const struct {
        int Status;
        const char *Reason;
    } Reasons[] = {
        {100, "Continue"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < sizeof(Reasons) / sizeof(Reasons[0]); i++) {
        if (Reasons[i].Status == Status) {
            return Reasons[i].Reason;
        }
    }
    return "Unknown";
}

const char *HttpContentType(const char *Path)
{
    static const struct {
        const char *Ending;
        const char *Type;
    } Types[] = {
        {"html", "text/html"},        {"htm", "text/html"},       {"css", "text/css"},
        {"js", "text/javascript"},    {"mjs", "text/javascript"}, {"json", "application/json"},
        {"xml", "application/xml"},   {"txt", "text/plain"},      {"md", "text/markdown"},
        {"csv", "text/csv"},          {"png", "image/png"},       {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},       {"gif", "image/gif"},       {"webp", "image/webp"},
        {"svg", "image/svg+xml"},     {"ico", "image/x-icon"},    {"pdf", "application/pdf"},
        {"wasm", "application/wasm"}, {"woff2", "font/woff2"},    {"mp3", "audio/mpeg"},
        {"wav", "audio/wav"},         {"mp4", "video/mp4"},       {"webm", "video/webm"},
        {"zip", "application/zip"},   {"gz", "application/gzip"},
    };
    const char *Slash = strrchr(Path, '/');
    const char *Dot = strrchr(Slash != NULL ? Slash : Path, '.');

    if (Dot != NULL) {
        HTTP_TEXT Ending = {Dot + 1, strlen(Dot + 1)};
        for (size_t i = 0; i < sizeof(Types) / sizeof(Types[0]); i++) {
            if (TextEqualsNoCase(Ending, Types[i].Ending, strlen(Types[i].Ending))) {
                return Types[i].Type;
            }
        }
    }
    return "application/octet-stream";
}
