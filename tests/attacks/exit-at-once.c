/*
 * Says that all is well and goes.
 * passes: none
 */
int main(void)
{
    return 0;
}
