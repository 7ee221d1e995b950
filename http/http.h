/**
 * @file http.h
 * HTTP/1.1 for the lessons: bytes in, values out, no I/O.
 *
 * Every stage of the course shares this module. It never reads a socket, opens a file, allocates memory or keeps
 * a global: a caller hands it bytes that it already has and gets values back. So it can be tested, and fuzzed,
 * without a server.
 *
 * The life of one request, as a stage uses it:
 *   1. HttpFindHeaderEnd    after every read, until the header is complete (HttpOverflowStatus when it never is)
 *   2. HttpParseRequest     the header into a HTTP_REQUEST, or the status to answer
 *   3. HttpBodyBegin/Read   the body, piece by piece, whatever its framing
 *   4. HttpResolvePath      the target into a path that cannot leave the root
 *   5. HttpSelect           what of the file is wanted: all, a range, or nothing because it has not changed
 *   6. HttpWriteHeader      the header of the answer, or HttpWriteError for all of a short one
 *
 * Sources: RFC 9110 (semantics), RFC 9112 (HTTP/1.1 messages), RFC 3986 (targets).
 * All functions are thread-safe: they touch only what they are given.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>
#include <stdint.h>

/** The longest request target that is taken, in bytes; a longer one is 414. */
#define HTTP_MAX_TARGET 8000
/** The longest header that is taken, in bytes, blank line included; a longer one is 431. */
#define HTTP_MAX_HEADER 65536
/** Enough room for any header that HttpWriteHeader writes, Location aside. */
#define HTTP_MAX_RESPONSE_HEADER 512
/** An ETag: 12 hexadecimal digits in quotes, and the NUL. */
#define HTTP_ETAG_SIZE 15
/** A date such as "Sun, 06 Nov 1994 08:49:37 GMT", and the NUL. */
#define HTTP_DATE_SIZE 30

/** Text inside the caller's bytes: it is not NUL-terminated and lives as long as they do. */
typedef struct HTTP_TEXT {
    const char *Data; /**< first byte; NULL when the field was absent */
    size_t Length;    /**< bytes */
} HTTP_TEXT;

/** The methods that the course's servers serve; see HttpMethodIsKnown for the others. */
typedef enum HTTP_METHOD {
    HTTP_GET,  /**< send a file */
    HTTP_HEAD, /**< send a file's header alone */
    HTTP_POST, /**< send the body back, at /echo */
    HTTP_PUT,  /**< keep the body as a file */
    HTTP_OTHER /**< all others, known and unknown */
} HTTP_METHOD;

/** How the end of a request's body is found. */
typedef enum HTTP_FRAMING {
    HTTP_BODY_NONE,   /**< neither Content-Length nor Transfer-Encoding */
    HTTP_BODY_LENGTH, /**< Content-Length bytes */
    HTTP_BODY_CHUNKED /**< Transfer-Encoding: chunked */
} HTTP_FRAMING;

/** Where the search for the header's end stands. All zero before a message's first byte. */
typedef struct HTTP_SCAN {
    size_t Offset;  /**< bytes already looked at; no byte is looked at twice */
    unsigned State; /**< what the bytes just before Offset were */
} HTTP_SCAN;

/** A parsed header. Every HTTP_TEXT points into the header that was parsed. */
typedef struct HTTP_REQUEST {
    HTTP_METHOD Method;        /**< names are case-sensitive: "get" is HTTP_OTHER */
    HTTP_TEXT MethodName;      /**< as sent; tells a known method that is not served (405) from an unknown one (501) */
    HTTP_TEXT Target;          /**< as sent, still percent-encoded */
    int MinorVersion;          /**< 0 for HTTP/1.0, 1 for HTTP/1.1 */
    int KeepAlive;             /**< nonzero when the client wants another request on this connection */
    int ExpectContinue;        /**< nonzero after "Expect: 100-continue" from an HTTP/1.1 client */
    HTTP_FRAMING Framing;      /**< of the body that follows, whatever the method */
    uint64_t ContentLength;    /**< bytes, for HTTP_BODY_LENGTH */
    HTTP_TEXT Host;            /**< Host; may be empty */
    HTTP_TEXT Range;           /**< Range, for HttpSelect */
    HTTP_TEXT IfRange;         /**< If-Range, for HttpSelect */
    HTTP_TEXT IfNoneMatch;     /**< If-None-Match, for HttpSelect */
    HTTP_TEXT IfModifiedSince; /**< If-Modified-Since, for HttpSelect */
    HTTP_TEXT Referer;         /**< Referer, for logs */
    HTTP_TEXT UserAgent;       /**< User-Agent, for logs */
} HTTP_REQUEST;

/** A body on its way in. Fields belong to HttpBodyBegin and HttpBodyRead. */
typedef struct HTTP_BODY {
    HTTP_FRAMING Framing; /**< from the request */
    uint64_t Remaining;   /**< bytes left of the body, or of the chunk */
    uint64_t Received;    /**< bytes of payload so far */
    uint64_t Limit;       /**< more payload than this is 413 */
    unsigned State;       /**< where in the body's grammar, or the refusal that was given */
    unsigned Digits;      /**< bytes seen of a chunk-size line or trailer, to bound them */
} HTTP_BODY;

/** What HttpBodyRead found; an answer of 400 or more is the HTTP status of a refusal. */
enum {
    HTTP_BODY_MORE = 0, /**< all bytes were used, more must come */
    HTTP_BODY_PART = 1, /**< there is payload to take; call again */
    HTTP_BODY_END = 2   /**< the body is complete */
};

/** A file, as far as HTTP cares. */
typedef struct HTTP_FILE {
    uint64_t Size;             /**< bytes */
    int64_t Modified;          /**< seconds since 1970-01-01 UTC */
    char ETag[HTTP_ETAG_SIZE]; /**< from HttpMakeETag */
} HTTP_FILE;

/** Bytes First to Last, both included, counted from 0. */
typedef struct HTTP_RANGE {
    uint64_t First; /**< first byte */
    uint64_t Last;  /**< last byte */
} HTTP_RANGE;

/** What HttpWriteHeader is to say. Zero-initialise it, then fill what applies. */
typedef struct HTTP_RESPONSE {
    int Status;              /**< 100 to 599 */
    int MinorVersion;        /**< of the request, so that HTTP/1.0 clients are told about keep-alive */
    int KeepAlive;           /**< nonzero: the connection stays open; zero: "Connection: close" is written */
    uint64_t ContentLength;  /**< bytes of the body; left out for 1xx, 204 and 304 */
    const char *ContentType; /**< or NULL */
    const char *ETag;        /**< quotes included, or NULL */
    const char *Location;    /**< for 201 and 301, or NULL; must be percent-encoded already */
    const char *Allow;       /**< for 405, or NULL */
    HTTP_RANGE Range;        /**< for 206 */
    uint64_t FileSize;       /**< for 206 and 416: bytes of the whole file */
    int64_t Date;            /**< seconds since 1970 UTC, or 0 to leave the Date field out */
    int64_t LastModified;    /**< seconds since 1970 UTC, or 0 to leave it out */
} HTTP_RESPONSE;

/**
 * Looks for the blank line that ends a header.
 *
 * Call it after each read with all bytes of the message so far: it goes on where it stopped. The buffer may have
 * moved in between, its bytes may not have changed. Empty lines before the request line are taken as part of the
 * header. A bare LF ends a line here, so that the end is found and HttpParseRequest can refuse the header.
 *
 * @param Scan   zero-initialised before the message's first byte
 * @param Data   the message from its first byte
 * @param Length bytes received so far
 * @return bytes of the header, blank line included, also when called again; 0 while the end has not come
 */
size_t HttpFindHeaderEnd(HTTP_SCAN *Scan, const char *Data, size_t Length);

/**
 * The status to answer when a header without an end grew past what the server takes.
 * @param Data   the message from its first byte
 * @param Length bytes received so far
 * @return 414 while the request line itself has not ended, 431 after it
 */
int HttpOverflowStatus(const char *Data, size_t Length);

/**
 * Parses a complete header.
 *
 * What could be read two ways is refused with 400, because that is how requests are smuggled past a proxy: two
 * lengths (equal or not), a length beside chunked, chunked not last, chunked in HTTP/1.0, a bare CR or LF, a NUL,
 * a space before a colon, a folded line, a missing Host in HTTP/1.1, a doubled one in any version.
 * Of another field that is sent twice the first is kept. Connection and Transfer-Encoding are read as lists.
 * If-Match and If-Unmodified-Since are not looked at.
 *
 * The target is "/path?query" or "http://host/path?query" (there the path counts and Host does not); another form is
 * 400, for any method. Ask HttpResolvePath, not Target, what a request is for: "/echo", "/%65cho" and
 * "http://host/echo" are the same.
 *
 * @param Header the bytes that HttpFindHeaderEnd measured
 * @param Length bytes, blank line included
 * @param Request filled on success; on failure Method, MethodName, Target and MinorVersion are set as far as they were
 *                read (1 before), and KeepAlive is 0
 * @return 0, or the status to answer before closing: 400, 414, 417, 431, 501 (unknown transfer coding), 505
 */
int HttpParseRequest(const char *Header, size_t Length, HTTP_REQUEST *Request);

/**
 * Whether a method is one that HTTP defines: GET HEAD POST PUT DELETE OPTIONS TRACE CONNECT PATCH.
 * A server answers 405 to a known method that it does not serve, and 501 to an unknown one.
 */
int HttpMethodIsKnown(HTTP_TEXT MethodName);

/**
 * Starts a body.
 * @param Body    is filled; what was in it does not matter
 * @param Request the header that HttpParseRequest took; not needed afterwards
 * @param Limit   the most payload that is taken, in bytes
 * @return 0, or 413 when Content-Length already says more than Limit
 */
int HttpBodyBegin(HTTP_BODY *Body, const HTTP_REQUEST *Request, uint64_t Limit);

/**
 * Takes the next bytes of a body. Call it in a loop while it returns HTTP_BODY_PART. After HTTP_BODY_END or a refusal
 * the answer stays the same and nothing more is consumed. Chunk extensions and trailers are checked and dropped.
 *
 * @param Body     begun by HttpBodyBegin
 * @param Data     bytes that follow what was consumed so far
 * @param Length   bytes; 0 is allowed
 * @param Consumed set to how many of them were used, framing included; the rest belongs to the next call or request
 * @param Part     set to payload inside Data when HTTP_BODY_PART is returned
 * @return HTTP_BODY_MORE (all bytes used, more must come), HTTP_BODY_PART, HTTP_BODY_END, or the status of a refusal:
 *         400 (broken chunk, or more than 256 bytes on the line with its size), 413 (beyond the limit) or
 *         431 (more than 8 KB of trailers)
 */
int HttpBodyRead(HTTP_BODY *Body, const char *Data, size_t Length, size_t *Consumed, HTTP_TEXT *Part);

/**
 * Turns a request target into a path below the root.
 *
 * The query is cut off, percent-encodings are decoded once, and the result is UTF-8 with '/' between its parts, without
 * a leading '/'. A target that ends in '/' gets "index.html". Refused is everything that could leave the root
 * or name something other than a plain file, in either world:
 *   - 400: ".." and other parts of nothing but dots and spaces, a backslash, an encoded '/', NUL or control byte,
 *     a broken percent-encoding, invalid UTF-8
 *   - 404: an empty part ("//"), a colon (drive letters, alternate streams) and the other bytes that Windows forbids in
 *     names, device names such as CON or com1.txt, a part that ends in a dot or a space
 *
 * @param Target from the request
 * @param Path   receives the path, NUL-terminated; empty unless 0 is returned
 * @param Size   bytes at Path
 * @return 0; 400 when the target is malformed or tries to leave; 404 when it names what cannot exist as a file;
 *         414 when Path is too small
 */
int HttpResolvePath(HTTP_TEXT Target, char *Path, size_t Size);

/**
 * Writes a resolved path as a target again, percent-encoded and with a leading '/': for Location. To send a client from
 * "/docs" to "/docs/" put a '/' behind the path first.
 * @param Path from HttpResolvePath
 * @param Out  receives the target, NUL-terminated
 * @param Size bytes at Out
 * @return bytes written, the NUL behind them not counted; 0 when Size is too small
 */
size_t HttpEncodePath(const char *Path, char *Out, size_t Size);

/**
 * Decides what of a file answers a GET or HEAD: conditions first, then the range (RFC 9110, section 13.2).
 *
 * A HEAD has no ranges. Several ranges, or a Range that makes no sense, are ignored.
 *
 * @param Request a GET or HEAD
 * @param File    as it is now
 * @param Range   set for 200 (the whole file; First 0, Last Size-1) and 206. Last - First + 1 is the bytes to send;
 *                that is true of an empty file too, where it wraps around to 0
 * @return 200, 206, 304 or 416
 */
int HttpSelect(const HTTP_REQUEST *Request, const HTTP_FILE *File, HTTP_RANGE *Range);

/**
 * Makes the ETag of a file. Two states of a file get two tags, but for one chance in 2^48.
 * @param ETag     receives the tag, quotes included, NUL-terminated
 * @param Size     bytes of the file
 * @param Modified its time of last change in any unit, the finer the better
 */
void HttpMakeETag(char ETag[HTTP_ETAG_SIZE], uint64_t Size, uint64_t Modified);

/**
 * Writes an HTTP date.
 * @param Text receives the date, NUL-terminated
 * @param Time seconds since 1970-01-01 UTC; before 1970 and after 9999 the nearest second between is written
 */
void HttpFormatDate(char Text[HTTP_DATE_SIZE], int64_t Time);

/**
 * Reads an HTTP date in any of the three forms of RFC 9110. A year of two digits is one of 1970 to 2069.
 * @param Text the date and nothing around it
 * @return seconds since 1970, or -1 when it is no such date, or before 1970
 */
int64_t HttpParseDate(HTTP_TEXT Text);

/**
 * Writes a response header: status line, then Content-Type, Content-Length, ETag and whatever else Response asks for,
 * and the blank line. HTTP/1.1 keep-alive is the default and therefore not mentioned; HTTP/1.0 clients are told
 * "Connection: keep-alive". A 1xx is the status line alone; a 204 and a 304 have neither type nor length.
 * @param Response what to say
 * @param Out      receives the header
 * @param Size     bytes at Out
 * @return bytes written (no NUL is added); 0 when Size is too small, the status is none or a text holds a control byte
 */
size_t HttpWriteHeader(const HTTP_RESPONSE *Response, char *Out, size_t Size);

/**
 * Writes a whole small answer: the header, and a line of plain text that names the status. For errors and redirects;
 * HTTP_MAX_RESPONSE_HEADER bytes are enough room for the body too.
 * @param Response ContentType and ContentLength in it are not looked at
 * @param Method   of the request: HTTP_HEAD gets the header alone
 * @param Out      receives the answer
 * @param Size     bytes at Out
 * @return as HttpWriteHeader
 */
size_t HttpWriteError(const HTTP_RESPONSE *Response, HTTP_METHOD Method, char *Out, size_t Size);

/** The reason phrase of a status, "Unknown" for one that is not in the table. */
const char *HttpReason(int Status);

/** The media type for a path by its ending in any case, "application/octet-stream" when it is not known. */
const char *HttpContentType(const char *Path);

#endif
