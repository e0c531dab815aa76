/* See address.h. */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* 16 bytes, IPv4 as ::ffff:a.b.c.d. Returns the bits of the prefix that stand before IPv4's own. */
static int address_read(struct text t, uint8_t out[16])
{
	char copy[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (t.size == 0 || t.size >= sizeof(copy))
		return -1;
	memcpy(copy, t.data, t.size);
	copy[t.size] = '\0';
	if (inet_pton(AF_INET, copy, &v4) == 1) {
		memset(out, 0, 10);
		out[10] = out[11] = 0xff;
		memcpy(out + 12, &v4, 4);
		return 96;
	}
	return inet_pton(AF_INET6, copy, out) == 1 ? 0 : -1;
}

static bool cidr_read(struct text item, uint8_t net[16], unsigned *ret_bits)
{
	struct text rest = text_trim(item);
	struct text host = text_cut(&rest, '/');
	int base = address_read(host, net);
	uint64_t bits = base == 96 ? 32 : 128;

	if (base < 0)
		return false;
	if (rest.data && (!text_to_uint64(rest, &bits) || bits > (base == 96 ? 32 : 128)))
		return false;
	*ret_bits = (unsigned)bits + (unsigned)base;
	return true;
}

static bool address_within(const uint8_t address[16], const uint8_t net[16], unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(address, net, whole) != 0)
		return false;
	return !rest || ((address[whole] ^ net[whole]) >> (8 - rest)) == 0;
}

bool address_trusted(struct text list, struct text address)
{
	uint8_t here[16], net[16];
	unsigned bits;

	if (!list.size)
		return true;
	if (address_read(address, here) < 0)
		return false;
	while (list.data) {
		struct text item = text_cut(&list, ',');
		if (cidr_read(item, net, &bits) && address_within(here, net, bits))
			return true;
	}
	return false;
}

bool address_list_valid(struct text list)
{
	uint8_t net[16];
	unsigned bits;

	while (list.data)
		if (!cidr_read(text_cut(&list, ','), net, &bits))
			return false;
	return true;
}

static const struct text private_ranges[] = {
#define PRIVATE_RANGE(cidr, what) {cidr, sizeof(cidr) - 1},
#include "base/address_ranges.tbl.h"
#undef PRIVATE_RANGE
};

/* IPv4 in the shape of address_read; the NAT64 prefix 64:ff9b::/96 carries it too. */
static bool carries_ipv4(uint8_t address[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

	if (memcmp(address, nat64, sizeof nat64) == 0)
		memcpy(address, mapped, sizeof mapped);
	return memcmp(address, mapped, sizeof mapped) == 0;
}

static bool is_private(uint8_t address[16])
{
	bool ipv4 = carries_ipv4(address);
	uint8_t net[16];
	unsigned bits;

	for (size_t i = 0; i < COUNT_OF(private_ranges); i++) {
		must(cidr_read(private_ranges[i], net, &bits));
		/* ::/3 holds the mapped addresses, which their own rows judge */
		if (ipv4 == (bits >= 96) && address_within(address, net, bits))
			return true;
	}
	return false;
}

bool address_is_private(const struct sockaddr *address)
{
	uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};

	if (address->sa_family == AF_INET)
		memcpy(bytes + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
		       4);
	else if (address->sa_family == AF_INET6)
		memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
	else
		return true;
	return is_private(bytes);
}

bool address_text_is_private(struct text address)
{
	uint8_t bytes[16];

	return address_read(address, bytes) >= 0 && is_private(bytes);
}
