/* HTTP dates (RFC 9110, 5.6.7), without the C library's: those know locales and time zones. */
#include "text.h"

#include <string.h>

static const char DayNames[] = "SunMonTueWedThuFriSat";
static const char MonthNames[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Days from 1970-01-01 to a date of the Gregorian calendar. Years run from March, so that a leap day comes last. */
static int64_t DaysFromDate(int64_t Year, int Month, int Day)
{
    int64_t Years = Month > 2 ? Year : Year - 1;
    int64_t DayOfYear = (153 * (Month > 2 ? Month - 3 : Month + 9) + 2) / 5 + Day - 1;
    return Years * 365 + Years / 4 - Years / 100 + Years / 400 + DayOfYear - 719468;
}

static int DaysInMonth(int Year, int Month)
{
    static const char Days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int Leap = Year % 4 == 0 && (Year % 100 != 0 || Year % 400 == 0);
    return Days[Month - 1] + (Month == 2 && Leap);
}

static void PutDigits(char *Text, int Count, int Value)
{
    while (Count-- > 0) {
        Text[Count] = (char)('0' + Value % 10);
        Value /= 10;
    }
}

void HttpFormatDate(char Text[HTTP_DATE_SIZE], int64_t Time)
{
    const int64_t Last = INT64_C(253402300799); /* the end of the year 9999 */
    int Year, Month = 1;

    Time = Time < 0 ? 0 : Time > Last ? Last : Time;
    int64_t Days = Time / 86400;
    int Seconds = (int)(Time % 86400);
    int WeekDay = (int)((Days + 4) % 7);

    Year = (int)(1970 + Days / 366);
    while (DaysFromDate(Year + 1, 1, 1) <= Days) {
        Year++;
    }
    Days -= DaysFromDate(Year, 1, 1);
    while (Days >= DaysInMonth(Year, Month)) {
        Days -= DaysInMonth(Year, Month++);
    }
    memcpy(Text, "Sun, 00 Jan 0000 00:00:00 GMT", HTTP_DATE_SIZE);
    memcpy(Text, DayNames + 3 * WeekDay, 3);
    PutDigits(Text + 5, 2, (int)Days + 1);
    memcpy(Text + 8, MonthNames + 3 * (Month - 1), 3);
    PutDigits(Text + 12, 4, Year);
    PutDigits(Text + 17, 2, Seconds / 3600);
    PutDigits(Text + 20, 2, Seconds / 60 % 60);
    PutDigits(Text + 23, 2, Seconds % 60);
}

typedef struct DATE {
    int Year, Month, Day, Hour, Minute, Second;
} DATE;

/* Takes one of the names, which are three letters each. @return its place, from 0, or -1 */
static int TakeName(TEXT_CURSOR *Cursor, const char *Names)
{
    for (int i = 0; Names[3 * i] != '\0'; i++) {
        if (Cursor->End - Cursor->At >= 3 && memcmp(Cursor->At, Names + 3 * i, 3) == 0) {
            Cursor->At += 3;
            return i;
        }
    }
    return -1;
}

/* Takes the end of a day's long name: "Wed" has been read, "nesday" follows. */
static int TakeNameEnd(TEXT_CURSOR *Cursor, int Day)
{
    static const char *const Ends[] = {"day", "day", "sday", "nesday", "rsday", "day", "urday"};
    size_t Length = strlen(Ends[Day]);

    if ((size_t)(Cursor->End - Cursor->At) < Length || memcmp(Cursor->At, Ends[Day], Length) != 0) {
        return -1;
    }
    Cursor->At += Length;
    return 0;
}

/* Takes exactly Count digits. @return their value, or -1 */
static int TakeDigits(TEXT_CURSOR *Cursor, int Count)
{
    int Value = 0;

    while (Count-- > 0) {
        if (Cursor->At == Cursor->End || !TextIsDigit((unsigned char)*Cursor->At)) {
            return -1;
        }
        Value = Value * 10 + (*Cursor->At++ - '0');
    }
    return Value;
}

/* Takes what one letter of a pattern stands for; see Match. @return negative when it is not there */
static int TakeItem(TEXT_CURSOR *Cursor, char Letter, DATE *Date, int *WeekDay)
{
    switch (Letter) {
    case 'w':
        return *WeekDay = TakeName(Cursor, DayNames);
    case 'l':
        return TakeNameEnd(Cursor, *WeekDay);
    case 'n':
        return (Date->Month = TakeName(Cursor, MonthNames) + 1) - 1;
    case 'd':
        return Date->Day = TakeDigits(Cursor, 2);
    case 'e':
        return Date->Day = TakeDigits(Cursor, TextTakeByte(Cursor, ' ') ? 1 : 2);
    case 'y':
        Date->Year = TakeDigits(Cursor, 2);
        return Date->Year < 0 ? -1 : (Date->Year += Date->Year < 70 ? 2000 : 1900);
    case 'Y':
        return Date->Year = TakeDigits(Cursor, 4);
    case 'h':
        return Date->Hour = TakeDigits(Cursor, 2);
    case 'm':
        return Date->Minute = TakeDigits(Cursor, 2);
    case 's':
        return Date->Second = TakeDigits(Cursor, 2);
    default:
        return TextTakeByte(Cursor, Letter) ? 0 : -1;
    }
}

/*
 * Reads a date by a pattern: w a day's name, l the rest of its long name, n a month's name, d the day, e the day with a
 * space for a leading zero, y and Y the year in two and four digits, h m s the time; all else stands for itself.
 */
static int Match(HTTP_TEXT Text, const char *Pattern, DATE *Date)
{
    TEXT_CURSOR Cursor = TextCursor(Text);
    int WeekDay = 0;

    for (; *Pattern != '\0'; Pattern++) {
        if (TakeItem(&Cursor, *Pattern, Date, &WeekDay) < 0) {
            return 0;
        }
    }
    return Cursor.At == Cursor.End;
}

int64_t HttpParseDate(HTTP_TEXT Text)
{
    static const char *const Patterns[] = {"w, d n Y h:m:s GMT", "wl, d-n-y h:m:s GMT", "w n e h:m:s Y"};
    DATE Date = {0, 0, 0, 0, 0, 0};

    for (size_t i = 0; i < sizeof(Patterns) / sizeof(Patterns[0]); i++) {
        if (!Match(Text, Patterns[i], &Date)) {
            continue;
        }
        /* Second 60 is a leap second. */
        if (Date.Year < 1970 || Date.Day < 1 || Date.Day > DaysInMonth(Date.Year, Date.Month) || Date.Hour > 23 ||
            Date.Minute > 59 || Date.Second > 60) {
            return -1;
        }
        return DaysFromDate(Date.Year, Date.Month, Date.Day) * 86400 + Date.Hour * 3600 + Date.Minute * 60 +
               Date.Second;
    }
    return -1;
}
