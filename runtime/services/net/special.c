/* Which addresses are no public ones, by the special-purpose registries of IANA (RFC 6890 and its updates). Pure. */
#include "transfer.h"

#include "signalbox/base/err.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct block4 {
    uint8_t bytes[4];
    unsigned bits;
};

static const struct block4 blocks4[] = {
    { { 0, 0, 0, 0 }, 8 },       /* this network */
    { { 10, 0, 0, 0 }, 8 },      /* private */
    { { 100, 64, 0, 0 }, 10 },   /* shared by carriers */
    { { 127, 0, 0, 0 }, 8 },     /* loopback */
    { { 169, 254, 0, 0 }, 16 },  /* link-local, metadata services of clouds */
    { { 172, 16, 0, 0 }, 12 },   /* private */
    { { 192, 0, 0, 0 }, 24 },    /* protocol assignments */
    { { 192, 0, 2, 0 }, 24 },    /* documentation */
    { { 192, 168, 0, 0 }, 16 },  /* private */
    { { 198, 18, 0, 0 }, 15 },   /* benchmarks */
    { { 198, 51, 100, 0 }, 24 }, /* documentation */
    { { 203, 0, 113, 0 }, 24 },  /* documentation */
    { { 224, 0, 0, 0 }, 3 },     /* multicast, reserved, broadcast */
};

struct block6 {
    uint8_t bytes[16];
    unsigned bits;
    int ipv4_at; /* where an IPv4 address is embedded that decides instead; -1 = none */
};

static const struct block6 blocks6[] = {
    { { [10] = 0xff, 0xff }, 96, 12 },                 /* ::ffff:a.b.c.d */
    { { [1] = 0x64, 0xff, 0x9b }, 96, 12 },            /* 64:ff9b::a.b.c.d, translated */
    { { 0x20, 0x02 }, 16, 2 },                         /* 6to4 */
    { { 0 }, 96, -1 },                                 /* unspecified, loopback, IPv4-compatible */
    { { [1] = 0x64, 0xff, 0x9b, [5] = 0x01 }, 48, -1 }, /* translated, local use */
    { { 0x01, 0x00 }, 64, -1 },                        /* discard */
    { { 0x20, 0x01 }, 23, -1 },                        /* protocol assignments, Teredo */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, -1 },            /* documentation */
    { { 0xfc }, 7, -1 },                               /* unique local */
    { { 0xfe, 0x80 }, 9, -1 },                         /* link-local and the former site-local */
    { { 0xff }, 8, -1 },                               /* multicast */
};

static bool is_inside(const uint8_t *address, const uint8_t *block, unsigned bits)
{
    const unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(address, block, whole) == 0 && (rest == 0 || (address[whole] ^ block[whole]) >> (8 - rest) == 0);
}

static bool is_special4(const uint8_t *address)
{
    for (size_t i = 0; i < SB_LEN(blocks4); i++) {
        if (is_inside(address, blocks4[i].bytes, blocks4[i].bits)) {
            return true;
        }
    }
    return false;
}

static bool is_special6(const uint8_t *address)
{
    for (size_t i = 0; i < SB_LEN(blocks6); i++) {
        const struct block6 *block = &blocks6[i];
        if (is_inside(address, block->bytes, block->bits)) {
            return block->ipv4_at < 0 || is_special4(address + block->ipv4_at);
        }
    }
    return false;
}

bool sb_net_is_special(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        uint8_t bytes[4];
        memcpy(&in, address, sizeof in);
        memcpy(bytes, &in.sin_addr, sizeof bytes);
        return is_special4(bytes);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        return is_special6(in6.sin6_addr.s6_addr);
    }
    return true;
}
