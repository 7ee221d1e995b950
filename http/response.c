/* Writing the header of an answer (RFC 9112, 4 and 5). */
#include "text.h"

#include <string.h>

/* Where the answer goes. Once Broken is set nothing more is written. */
typedef struct OUTPUT {
    char *At;
    char *End;
    int Broken;
} OUTPUT;

static void Put(OUTPUT *Output, const char *Text, size_t Length)
{
    if ((size_t)(Output->End - Output->At) < Length) {
        Output->Broken = 1;
    }
    if (!Output->Broken) {
        memcpy(Output->At, Text, Length);
        Output->At += Length;
    }
}

/* Puts a caller's text. A control byte in it could begin a field that nobody meant to send. */
static void PutText(OUTPUT *Output, const char *Text)
{
    size_t Length = strlen(Text);

    for (size_t i = 0; i < Length; i++) {
        if (!TextIsValue((unsigned char)Text[i])) {
            Output->Broken = 1;
        }
    }
    Put(Output, Text, Length);
}

static void PutNumber(OUTPUT *Output, uint64_t Number)
{
    char Digits[20];
    size_t Start = sizeof(Digits);

    do {
        Digits[--Start] = (char)('0' + Number % 10);
        Number /= 10;
    } while (Number != 0);
    Put(Output, Digits + Start, sizeof(Digits) - Start);
}

static void PutField(OUTPUT *Output, const char *Name, const char *Value)
{
    if (Value != NULL) {
        Put(Output, Name, strlen(Name));
        PutText(Output, Value);
        Put(Output, "\r\n", 2);
    }
}

static void PutDate(OUTPUT *Output, const char *Name, int64_t Time)
{
    char Text[HTTP_DATE_SIZE];

    if (Time != 0) {
        HttpFormatDate(Text, Time);
        PutField(Output, Name, Text);
    }
}

static void PutContentRange(OUTPUT *Output, const HTTP_RESPONSE *Response)
{
    if (Response->Status != 206 && Response->Status != 416) {
        return;
    }
    Put(Output, TEXT_LITERAL("Content-Range: bytes "));
    if (Response->Status == 206) {
        PutNumber(Output, Response->Range.First);
        Put(Output, "-", 1);
        PutNumber(Output, Response->Range.Last);
    } else {
        Put(Output, "*", 1);
    }
    Put(Output, "/", 1);
    PutNumber(Output, Response->FileSize);
    Put(Output, "\r\n", 2);
}

/* Status line. The version is the server's own, whatever the client's (RFC 9110, 2.5). */
static void PutStatus(OUTPUT *Output, int Status)
{
    const char *Reason = HttpReason(Status);

    Put(Output, TEXT_LITERAL("HTTP/1.1 "));
    PutNumber(Output, (uint64_t)Status);
    Put(Output, " ", 1);
    Put(Output, Reason, strlen(Reason));
    Put(Output, "\r\n", 2);
}

/* What does not depend on there being a body. */
static void PutGeneral(OUTPUT *Output, const HTTP_RESPONSE *Response)
{
    PutField(Output, "ETag: ", Response->ETag);
    PutDate(Output, "Last-Modified: ", Response->LastModified);
    PutContentRange(Output, Response);
    PutField(Output, "Location: ", Response->Location);
    PutField(Output, "Allow: ", Response->Allow);
    PutDate(Output, "Date: ", Response->Date);
    if (!Response->KeepAlive) {
        PutField(Output, "Connection: ", "close");
    } else if (Response->MinorVersion == 0) {
        PutField(Output, "Connection: ", "keep-alive");
    }
}

static int HasBody(int Status)
{
    return Status >= 200 && Status != 204 && Status != 304;
}

size_t HttpWriteHeader(const HTTP_RESPONSE *Response, char *Out, size_t Size)
{
    OUTPUT Output = {Out, Out + Size, 0};
    int Status = Response->Status;

    if (Status < 100 || Status > 599) {
        return 0;
    }
    PutStatus(&Output, Status);
    if (HasBody(Status)) {
        PutField(&Output, "Content-Type: ", Response->ContentType);
        Put(&Output, TEXT_LITERAL("Content-Length: "));
        PutNumber(&Output, Response->ContentLength);
        Put(&Output, "\r\n", 2);
    }
    if (Status >= 200) {
        PutGeneral(&Output, Response);
    }
    Put(&Output, "\r\n", 2);
    return Output.Broken ? 0 : (size_t)(Output.At - Out);
}

size_t HttpWriteError(const HTTP_RESPONSE *Response, HTTP_METHOD Method, char *Out, size_t Size)
{
    HTTP_RESPONSE Error = *Response;
    const char *Reason = HttpReason(Response->Status);
    OUTPUT Output;
    size_t Header;

    Error.ContentType = "text/plain";
    Error.ContentLength = 4 + strlen(Reason) + 1;
    Header = HttpWriteHeader(&Error, Out, Size);
    if (Header == 0 || Method == HTTP_HEAD || !HasBody(Response->Status)) {
        return Header;
    }
    Output.At = Out + Header;
    Output.End = Out + Size;
    Output.Broken = 0;
    PutNumber(&Output, (uint64_t)Response->Status);
    Put(&Output, " ", 1);
    Put(&Output, Reason, strlen(Reason));
    Put(&Output, "\n", 1);
    return Output.Broken ? 0 : (size_t)(Output.At - Out);
}
