/* Request targets and the Host field (RFC 9112, 3.2; RFC 3986, 3.2). See text.h. */
#include "text.h"

/* A host name, or an IPv4 address: letters, digits and -._~!$&'()*+,;=% . One bit a byte. */
static int IsNameByte(unsigned char Byte)
{
    static const uint32_t Names[4] = {0, 0x2BFF7FF2u, 0x87FFFFFEu, 0x47FFFFFEu};
    return Byte < 128 && (Names[Byte >> 5] >> (Byte & 31) & 1) != 0;
}

/* What stands between the brackets of an IPv6 address. */
static int IsAddressByte(unsigned char Byte)
{
    return TextHexValue(Byte) >= 0 || Byte == ':' || Byte == '.';
}

int HostIsValid(HTTP_TEXT Host)
{
    TEXT_CURSOR Cursor = TextCursor(Host);

    if (TextTakeByte(&Cursor, '[')) {
        if (TextTake(&Cursor, IsAddressByte).Length == 0 || !TextTakeByte(&Cursor, ']')) {
            return 0;
        }
    } else if (TextTake(&Cursor, IsNameByte).Length == 0 && Host.Length != 0) {
        return 0;
    }
    if (TextTakeByte(&Cursor, ':')) {
        TextTake(&Cursor, TextIsDigit);
    }
    return Cursor.At == Cursor.End;
}

int TargetPath(HTTP_TEXT Target, HTTP_TEXT *Path)
{
    static const char Scheme[] = "http://";
    HTTP_TEXT Part = {Target.Data, sizeof(Scheme) - 1};

    *Path = Target;
    if (Target.Length > 0 && Target.Data[0] == '/') {
        return 1;
    }
    if (Target.Length < Part.Length || !TextEqualsNoCase(Part, Scheme, Part.Length)) {
        return 0;
    }
    Part.Data += Part.Length;
    Part.Length = 0;
    while (Part.Data + Part.Length < Target.Data + Target.Length && Part.Data[Part.Length] != '/' &&
           Part.Data[Part.Length] != '?') {
        Part.Length++;
    }
    Path->Data = Part.Data + Part.Length;
    Path->Length = (size_t)(Target.Data + Target.Length - Path->Data);
    return Part.Length != 0 && HostIsValid(Part);
}
