/* Texts: trimming, comparing, splitting, numbers. See text.h. */
#include "text.h"

static int IsBlank(char Byte)
{
    return Byte == ' ' || Byte == '\t';
}

HTTP_TEXT TextTrim(HTTP_TEXT Text)
{
    while (Text.Length > 0 && IsBlank(Text.Data[0])) {
        Text.Data++;
        Text.Length--;
    }
    while (Text.Length > 0 && IsBlank(Text.Data[Text.Length - 1])) {
        Text.Length--;
    }
    return Text;
}

int TextNextElement(HTTP_TEXT *List, HTTP_TEXT *Element)
{
    size_t Length = 0;

    if (List->Data == NULL) {
        return 0;
    }
    while (Length < List->Length && List->Data[Length] != ',') {
        Length++;
    }
    Element->Data = List->Data;
    Element->Length = Length;
    *Element = TextTrim(*Element);
    if (Length < List->Length) {
        List->Data += Length + 1;
        List->Length -= Length + 1;
    } else {
        List->Data = NULL;
        List->Length = 0;
    }
    return 1;
}

int TextEqualsNoCase(HTTP_TEXT Text, const char *Lower, size_t Length)
{
    if (Text.Length != Length) {
        return 0;
    }
    for (size_t i = 0; i < Length; i++) {
        if (TextLower((unsigned char)Text.Data[i]) != (unsigned char)Lower[i]) {
            return 0;
        }
    }
    return 1;
}

int TextEquals(HTTP_TEXT Text, const char *Exact, size_t Length)
{
    if (Text.Length != Length) {
        return 0;
    }
    for (size_t i = 0; i < Length; i++) {
        if (Text.Data[i] != Exact[i]) {
            return 0;
        }
    }
    return 1;
}

int TextParseNumber(HTTP_TEXT Text, uint64_t *Value)
{
    int Capped = 0;

    *Value = 0;
    for (size_t i = 0; i < Text.Length; i++) {
        unsigned Digit = (unsigned char)Text.Data[i] - (unsigned)'0';
        if (Digit > 9) {
            return 0;
        }
        if (*Value > (UINT64_MAX - Digit) / 10) {
            Capped = 1;
        }
        *Value = Capped ? UINT64_MAX : *Value * 10 + Digit;
    }
    return Text.Length == 0 ? 0 : Capped ? -1 : 1;
}
