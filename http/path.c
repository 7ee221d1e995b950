/* From a request target to a path that cannot leave the root, on Windows and elsewhere alike. */
#include "text.h"

#include <string.h>

/* Decodes up to the query. Control bytes, '/' and '\' must not come out of an encoding, nor '\' be there at all. */
static int Decode(HTTP_TEXT Encoded, char *Path, size_t Size, size_t *Length)
{
    *Length = 0;
    for (size_t i = 0; i < Encoded.Length && Encoded.Data[i] != '?'; i++) {
        unsigned char Byte = (unsigned char)Encoded.Data[i];
        if (Byte == '%') {
            int High = Encoded.Length - i > 2 ? TextHexValue((unsigned char)Encoded.Data[i + 1]) : -1;
            int Low = Encoded.Length - i > 2 ? TextHexValue((unsigned char)Encoded.Data[i + 2]) : -1;
            if (High < 0 || Low < 0) {
                return 400;
            }
            Byte = (unsigned char)(High << 4 | Low);
            if (Byte == '/') {
                return 400;
            }
            i += 2;
        } else if (!TextIsTarget(Byte)) {
            return 400;
        }
        if (Byte < ' ' || Byte == 127 || Byte == '\\') {
            return 400;
        }
        if (*Length + 1 >= Size) {
            return 414;
        }
        Path[(*Length)++] = (char)Byte;
    }
    return 0;
}

/* The bytes of a character beyond ASCII; 0 when it is not UTF-8 (too long a form, a surrogate, beyond U+10FFFF). */
static size_t Utf8Length(const char *Text, size_t Length)
{
    static const struct {
        unsigned char First, Last; /* first byte */
        unsigned char Low, High;   /* second byte; the others are 0x80 to 0xBF */
        unsigned char Bytes;
    } Forms[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    const unsigned char *Byte = (const unsigned char *)Text;

    for (size_t i = 0; i < sizeof(Forms) / sizeof(Forms[0]); i++) {
        if (Byte[0] < Forms[i].First || Byte[0] > Forms[i].Last || Length < Forms[i].Bytes) {
            continue;
        }
        if (Byte[1] < Forms[i].Low || Byte[1] > Forms[i].High) {
            return 0;
        }
        for (size_t j = 2; j < Forms[i].Bytes; j++) {
            if ((Byte[j] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return Forms[i].Bytes;
    }
    return 0;
}

/* COM1, LPT1 and so on; the superscript digits of Latin-1 count as digits. */
static int IsNumberedPort(HTTP_TEXT Stem)
{
    HTTP_TEXT Port = {Stem.Data, 3};

    if (Stem.Length < 4 ||
        !(TextEqualsNoCase(Port, TEXT_LITERAL("com")) || TextEqualsNoCase(Port, TEXT_LITERAL("lpt")))) {
        return 0;
    }
    HTTP_TEXT Number = {Stem.Data + 3, Stem.Length - 3};
    return (Number.Length == 1 && TextIsDigit((unsigned char)Number.Data[0])) ||
           TextEquals(Number, TEXT_LITERAL("\xC2\xB9")) || TextEquals(Number, TEXT_LITERAL("\xC2\xB2")) ||
           TextEquals(Number, TEXT_LITERAL("\xC2\xB3"));
}

/*
 * Windows takes these names for devices in every folder, in any case and with any ending: NUL.txt is NUL. Spaces before
 * the ending do not help.
 */
static int IsDevice(HTTP_TEXT Part)
{
    static const char *const Names[] = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"};
    HTTP_TEXT Stem = {Part.Data, 0};

    while (Stem.Length < Part.Length && Part.Data[Stem.Length] != '.') {
        Stem.Length++;
    }
    Stem = TextTrim(Stem);
    for (size_t i = 0; i < sizeof(Names) / sizeof(Names[0]); i++) {
        if (TextEqualsNoCase(Stem, Names[i], strlen(Names[i]))) {
            return 1;
        }
    }
    return IsNumberedPort(Stem);
}

/* One part of the path: a folder's or file's name. */
static int CheckPart(HTTP_TEXT Part)
{
    size_t Dots = 0;

    if (Part.Length == 0) {
        return 404;
    }
    for (size_t i = 0; i < Part.Length; i++) {
        if (strchr("<>:\"|?*", Part.Data[i]) != NULL) {
            return 404;
        }
        Dots += Part.Data[i] == '.' || Part.Data[i] == ' ';
    }
    if (Dots == Part.Length) {
        return 400; /* "..", and what Windows would make of ".. " once it has cut the spaces */
    }
    if (Part.Data[Part.Length - 1] == '.' || Part.Data[Part.Length - 1] == ' ') {
        return 404; /* Windows cuts them: the name would be another file's */
    }
    return IsDevice(Part) ? 404 : 0;
}

static int CheckPath(const char *Path, size_t Length)
{
    size_t Start = 0;

    for (size_t i = 0; i < Length;) {
        size_t Bytes = (unsigned char)Path[i] < 128 ? 1 : Utf8Length(Path + i, Length - i);
        if (Bytes == 0) {
            return 400;
        }
        i += Bytes;
    }
    for (size_t i = 0; i <= Length; i++) {
        if (i == Length || Path[i] == '/') {
            HTTP_TEXT Part = {Path + Start, i - Start};
            int Status = CheckPart(Part);
            if (Status != 0) {
                return Status;
            }
            Start = i + 1;
        }
    }
    return 0;
}

static int Resolve(HTTP_TEXT Encoded, char *Path, size_t Size)
{
    static const char Index[] = "index.html";
    size_t Length;
    int Status;

    if (Encoded.Length > 0 && Encoded.Data[0] == '/') {
        Encoded.Data++;
        Encoded.Length--;
    }
    Status = Decode(Encoded, Path, Size, &Length);
    if (Status != 0) {
        return Status;
    }
    if (Length == 0 || Path[Length - 1] == '/') {
        if (Size - Length < sizeof(Index)) {
            return 414;
        }
        memcpy(Path + Length, Index, sizeof(Index) - 1);
        Length += sizeof(Index) - 1;
    }
    Path[Length] = '\0';
    return CheckPath(Path, Length);
}

int HttpResolvePath(HTTP_TEXT Target, char *Path, size_t Size)
{
    HTTP_TEXT Encoded;
    int Status = 414;

    if (Size != 0) {
        Status = TargetPath(Target, &Encoded) ? Resolve(Encoded, Path, Size) : 400;
        if (Status != 0) {
            Path[0] = '\0';
        }
    }
    return Status;
}

size_t HttpEncodePath(const char *Path, char *Out, size_t Size)
{
    static const char Hex[] = "0123456789ABCDEF";
    size_t Length = 0;

    if (Size < 2) {
        return 0;
    }
    Out[Length++] = '/';
    for (; *Path != '\0'; Path++) {
        unsigned char Byte = (unsigned char)*Path;
        unsigned char Lower = TextLower(Byte);
        int Plain = (Lower >= 'a' && Lower <= 'z') || TextIsDigit(Byte) || strchr("/-._~", Byte) != NULL;
        if (Size - Length < (Plain ? 2u : 4u)) {
            return 0;
        }
        if (Plain) {
            Out[Length++] = *Path;
        } else {
            Out[Length++] = '%';
            Out[Length++] = Hex[Byte >> 4];
            Out[Length++] = Hex[Byte & 15];
        }
    }
    Out[Length] = '\0';
    return Length;
}
