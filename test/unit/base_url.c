/* URLs that may be registered, and addresses that are on nobody's public net. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "base/address.h"
#include "base/limits.h"
#include "base/url.h"
#include "test.h"

/* GOOD: always; HERE: only with allow_private; BAD: never. */
enum verdict { BAD, HERE, GOOD };

static const struct {
	enum verdict verdict;
	const char *url;
} rows[] = {
    {GOOD, "https://example.com"},
    {GOOD, "https://example.com/"},
    {GOOD, "https://example.com?x=1"},
    {GOOD, "https://example.com/a/../b//c?x=http://y@z:1/%00%2e\\"},
    {GOOD, "HTTPS://Example.COM:8443/hook"},
    {GOOD, "https://a-b_c.xn--fiqs8s/x"},
    {GOOD, "https://93.184.216.34/x"},
    {GOOD, "https://[2606:4700::1111]:443/x"},
    {GOOD, "https://[::ffff:8.8.8.8]/"},
    {GOOD, "https://example.com:1"},
    {GOOD, "https://example.com:65535"},
    {GOOD, "https://notlocalhost/"},
    {GOOD, "https://localhost.example.com/"},
    {GOOD, "https://example.1a/"},
    {HERE, "http://3f2a9c/"},
    {HERE, "http://example.com/"},
    {HERE, "http://127.0.0.1:8080/x"},
    {HERE, "https://127.0.0.1/"},
    {HERE, "https://10.1.2.3/"},
    {HERE, "https://169.254.169.254/latest/meta-data"},
    {HERE, "https://0.0.0.0/"},
    {HERE, "https://[::1]/"},
    {HERE, "https://[::]/"},
    {HERE, "https://[::ffff:127.0.0.1]/"},
    {HERE, "https://[::ffff:7f00:1]/"},
    {HERE, "https://[64:ff9b::10.0.0.1]/"},
    {HERE, "https://[fd00::1]/"},
    {HERE, "https://localhost/"},
    {HERE, "https://LocalHost:443/"},
    {HERE, "https://db.localhost/"},
    {BAD, ""},
    {BAD, "https://"},
    {BAD, "https:///x"},
    {BAD, "https://?x"},
    {BAD, "https://:443/"},
    {BAD, "https:/example.com"},
    {BAD, "https:example.com"},
    {BAD, "https:\\\\example.com"},
    {BAD, "//example.com/"},
    {BAD, "example.com"},
    {BAD, "ftp://example.com/"},
    {BAD, "file:///etc/passwd"},
    {BAD, "gopher://example.com/"},
    {BAD, "httpss://example.com/"},
    {BAD, " https://example.com/"},
    {BAD, "https://example.com/a b"},
    {BAD, "https://example.com/\t"},
    {BAD, "https://example.com/\r\nX-Evil: 1"},
    {BAD, "https://example.com/\x7f"},
    {BAD, "https://example.com/\xe4\xbd\xa0"},
    {BAD, "https://ex\xc3\xa4mple.com/"},
    {BAD, "https://user@example.com/"},
    {BAD, "https://user:secret@example.com/"},
    {BAD, "https://@example.com/"},
    {BAD, "https://example.com\\@127.0.0.1/"},
    {BAD, "https://example.com#@127.0.0.1/"},
    {BAD, "https://example.com/#x"},
    {BAD, "https://example.com/?a#"},
    {BAD, "https://example.com:/"},
    {BAD, "https://example.com:0/"},
    {BAD, "https://example.com:65536/"},
    {BAD, "https://example.com:000443/"},
    {BAD, "https://example.com:+443/"},
    {BAD, "https://example.com:443:443/"},
    {BAD, "https://example.com:443x/"},
    {BAD, "https://example..com/"},
    {BAD, "https://.example.com/"},
    {BAD, "https://example.com./"},
    {BAD, "https://localhost./"},
    {BAD, "https://-example.com/"},
    {BAD, "https://exam%70le.com/"},
    {BAD, "https://127.0.0.1%2f@example.com/"},
    {BAD, "https://example.com;/"},
    {BAD, "https://127.1/"},
    {BAD, "https://0177.0.0.1/"},
    {BAD, "https://0x7f.0.0.1/"},
    {BAD, "https://127.0.0.0x1/"},
    {BAD, "https://2130706433/"},
    {BAD, "https://0x7f000001/"},
    {BAD, "https://127.0.0.1.1/"},
    {BAD, "https://example.1/"},
    {BAD, "https://example.99999999999999999999999/"},
    {BAD, "https://1.1.1.0X/"},
    {BAD, "https://256.1.1.1/"},
    {BAD, "https://::1/"},
    {BAD, "https://[::1/"},
    {BAD, "https://[]/"},
    {BAD, "https://[::1]x/"},
    {BAD, "https://[::1]:/"},
    {BAD, "https://[::1]443/"},
    {BAD, "https://[127.0.0.1]/"},
    {BAD, "https://[example.com]/"},
    {BAD, "https://[fe80::1%25eth0]/"},
    {BAD, "https://[fe80::1%eth0]/"},
    {BAD, "https://[::1]]/"},
};

static void test_urls(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct text url = text_of(rows[i].url);
		const char *why = NULL, *why_here = NULL;
		bool good = url_good(url, false, &why), here = url_good(url, true, &why_here);
		if (!CHECK_INT(good, rows[i].verdict == GOOD) ||
		    !CHECK_INT(here, rows[i].verdict != BAD) || !CHECK_INT(good, !why[0]) ||
		    !CHECK_INT(here, !why_here[0]))
			fprintf(stderr, "     of %s\n", rows[i].url);
		CHECK(rows[i].url[0] == '\0' || !strstr(why, rows[i].url));
	}
	const char *why;
	CHECK(!url_good((struct text){"https://a.com/\0x", 16}, true, &why));
	CHECK(!url_good((struct text){"https://a.com\0.b.com/", 21}, true, &why));
}

static void test_sizes(void)
{
	char url[URL_BYTES_MAX + 1];
	const char *why;

	memset(url, 'a', sizeof url);
	memcpy(url, "https://a.com/", 14);
	CHECK(url_good((struct text){url, URL_BYTES_MAX}, false, &why));
	CHECK(!url_good((struct text){url, URL_BYTES_MAX + 1}, false, &why));
	for (size_t i = 8; i < sizeof url; i++)
		url[i] = i % 50 == 49 ? '.' : 'a';
	CHECK(url_good((struct text){url, 8 + 253}, false, &why));
	CHECK(!url_good((struct text){url, 8 + 254}, false, &why));
	memset(url + 8, 'a', 64);
	CHECK(url_good((struct text){url, 8 + 63}, false, &why));
	CHECK(!url_good((struct text){url, 8 + 64}, false, &why));
}

static void test_parts(void)
{
	struct url url;
	const char *why;

	CHECK(url_read(TEXT("http://example.com/x:1"), &url, &why));
	CHECK_TEXT(url.host, "example.com");
	CHECK(!url.tls && url.port == 80);
	CHECK(url_read(TEXT("https://[2606:4700::1]?x=]:1"), &url, &why));
	CHECK_TEXT(url.host, "2606:4700::1");
	CHECK(url.tls && url.port == 443);
	CHECK(url_read(TEXT("https://a.b:8443"), &url, &why));
	CHECK_TEXT(url.host, "a.b");
	CHECK_INT(url.port, 8443);
}

/* The first and last address of each range, and the neighbours outside. */
static const struct {
	bool private;
	const char *address;
} addresses[] = {
    {true, "0.0.0.0"},
    {true, "0.255.255.255"},
    {false, "1.0.0.0"},
    {false, "9.255.255.255"},
    {true, "10.0.0.0"},
    {true, "10.255.255.255"},
    {false, "11.0.0.0"},
    {false, "100.63.255.255"},
    {true, "100.64.0.0"},
    {true, "100.100.100.200"},
    {true, "100.127.255.255"},
    {false, "100.128.0.0"},
    {false, "126.255.255.255"},
    {true, "127.0.0.0"},
    {true, "127.255.255.255"},
    {false, "128.0.0.0"},
    {false, "168.63.129.15"},
    {true, "168.63.129.16"},
    {false, "168.63.129.17"},
    {false, "169.253.255.255"},
    {true, "169.254.0.0"},
    {true, "169.254.169.254"},
    {true, "169.254.255.255"},
    {false, "169.255.0.0"},
    {false, "172.15.255.255"},
    {true, "172.16.0.0"},
    {true, "172.31.255.255"},
    {false, "172.32.0.0"},
    {false, "191.255.255.255"},
    {true, "192.0.0.0"},
    {true, "192.0.0.255"},
    {false, "192.0.1.0"},
    {true, "192.0.2.0"},
    {true, "192.0.2.255"},
    {false, "192.0.3.0"},
    {false, "192.88.98.255"},
    {true, "192.88.99.0"},
    {false, "192.88.100.0"},
    {false, "192.167.255.255"},
    {true, "192.168.0.0"},
    {true, "192.168.255.255"},
    {false, "192.169.0.0"},
    {false, "198.17.255.255"},
    {true, "198.18.0.0"},
    {true, "198.19.255.255"},
    {false, "198.20.0.0"},
    {false, "198.51.99.255"},
    {true, "198.51.100.0"},
    {false, "198.51.101.0"},
    {false, "203.0.112.255"},
    {true, "203.0.113.255"},
    {false, "203.0.114.0"},
    {false, "223.255.255.255"},
    {true, "224.0.0.0"},
    {true, "239.255.255.255"},
    {true, "240.0.0.0"},
    {true, "255.255.255.255"},
    {true, "::"},
    {true, "::1"},
    {true, "::8.8.8.8"},
    {true, "::ffff:10.0.0.1"},
    {true, "::ffff:127.0.0.1"},
    {true, "::ffff:169.254.169.254"},
    {false, "::ffff:8.8.8.8"},
    {true, "::ffff:0:8.8.8.8"},
    {true, "64:ff9b::127.0.0.1"},
    {true, "64:ff9b::192.168.1.1"},
    {false, "64:ff9b::8.8.8.8"},
    {true, "64:ff9b:1::8.8.8.8"},
    {true, "64:ff9b:0:0:1::8.8.8.8"},
    {true, "100::1"},
    {true, "1fff:ffff::1"},
    {false, "2000::1"},
    {false, "2000:ffff::1"},
    {true, "2001::1"},
    {true, "2001:0:4136:e378::1"},
    {true, "2001:2::1"},
    {true, "2001:1ff:ffff::1"},
    {false, "2001:200::1"},
    {false, "2001:db7:ffff::1"},
    {true, "2001:db8::1"},
    {true, "2001:db8:ffff::1"},
    {false, "2001:db9::1"},
    {true, "2002:7f00:1::1"},
    {true, "2002:808:808::1"},
    {false, "2003::1"},
    {false, "2606:4700:4700::1111"},
    {false, "3ffe::1"},
    {true, "3fff::1"},
    {true, "3fff:fff::1"},
    {false, "3fff:1000::1"},
    {true, "4000::1"},
    {true, "5f00::1"},
    {true, "7fff::1"},
    {true, "8000::1"},
    {true, "fc00::1"},
    {true, "fd00:ec2::254"},
    {true, "fe80::1"},
    {true, "fec0::1"},
    {true, "ff02::1"},
    {true, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

static bool socket_address_is_private(const char *address)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, address, &ipv4.sin_addr) == 1)
		return address_is_private((const struct sockaddr *)&ipv4);
	CHECK_INT(inet_pton(AF_INET6, address, &ipv6.sin6_addr), 1);
	return address_is_private((const struct sockaddr *)&ipv6);
}

static void test_addresses(void)
{
	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		if (!CHECK_INT(socket_address_is_private(addresses[i].address),
			       addresses[i].private) ||
		    !CHECK_INT(address_text_is_private(text_of(addresses[i].address)),
			       addresses[i].private))
			fprintf(stderr, "     of %s\n", addresses[i].address);
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	CHECK(address_is_private((const struct sockaddr *)&path));
	CHECK(!address_text_is_private(TEXT("example.com")));
	CHECK(!address_text_is_private(TEXT_NONE));
}

/* An IPv4 address is judged alike in all its three shapes. */
static void test_shapes(void)
{
	char text[64];

	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		if (strchr(addresses[i].address, ':'))
			continue;
		(void)snprintf(text, sizeof text, "::ffff:%s", addresses[i].address);
		CHECK_INT(address_text_is_private(text_of(text)), addresses[i].private);
		(void)snprintf(text, sizeof text, "64:ff9b::%s", addresses[i].address);
		CHECK_INT(address_text_is_private(text_of(text)), addresses[i].private);
	}
}

int main(void)
{
	test_urls();
	test_sizes();
	test_parts();
	test_addresses();
	test_shapes();
	return test_end();
}
