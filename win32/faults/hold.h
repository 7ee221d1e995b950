/**
 * @file hold.h
 * Packets that are kept back: for a time, for a storm of accepts, or in a small crowd from which one leaves at random.
 */
#ifndef HOLD_H
#define HOLD_H

#include "../object/port.h"

/** Keeps a packet until the moment due. Takes the packet over. @return false: it cannot, the packet is the caller's */
bool hold_until(port *p, op *packet, uint64_t due);
/** Lets one packet of a crowd go when there are window of them. @param choice a random number */
void hold_crowd(unsigned window, uint64_t choice);

#endif
