/*
 * OpenSSL between the socket and the connection: sealed bytes in, clear bytes out, and back. It
 * owns no socket; the connection moves what is in the two memory BIOs.
 *
 * TLS 1.2 and 1.3, ALPN http/1.1, no renegotiation. An idle session gives its buffers back.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "http/conn.h"

/* ---- the server's side: certificate and key */

static const char *trouble(const char *what, const char *file)
{
	unsigned long error = ERR_peek_error();
	/* What the system said has no sentence of OpenSSL's. */
	const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
						     : ERR_reason_error_string(error);
	char *sentence;
	if (asprintf(&sentence, "%s %s: %s", what, file, reason ? reason : "unknown trouble") < 0)
		return "out of memory";
	ERR_clear_error();
	return sentence;
}

/* A client that offers protocols, but not ours, is told so. */
static int choose_protocol(SSL *tls, const unsigned char **out, unsigned char *out_size,
			   const unsigned char *in, unsigned in_size, void *context)
{
	static const unsigned char ours[] = "\x08http/1.1";
	(void)tls, (void)context;
	unsigned char *chosen;
	if (SSL_select_next_proto(&chosen, out_size, ours, sizeof(ours) - 1, in, in_size) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* A server has nobody to ask for a passphrase. */
static int no_passphrase(char *out, int size, int writing, void *context)
{
	(void)out, (void)size, (void)writing, (void)context;
	return 0;
}

static const char *files_load(SSL_CTX *c, const char *cert, const char *key)
{
	if (SSL_CTX_use_certificate_chain_file(c, cert) != 1)
		return trouble("cannot use the TLS certificate", cert);
	if (SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1)
		return trouble("cannot use the TLS key", key);
	if (SSL_CTX_check_private_key(c) != 1)
		return trouble("the TLS key does not belong to the certificate:", key);
	return NULL;
}

SSL_CTX *tls_open(const char *cert, const char *key, const char **ret_error)
{
	ERR_clear_error();
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	must(c);
	must(SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				   SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(c, choose_protocol, NULL);
	SSL_CTX_set_default_passwd_cb(c, no_passphrase);
	const char *error = files_load(c, cert, key);
	if (!error)
		return c;
	*ret_error = error;
	SSL_CTX_free(c);
	return NULL;
}

void tls_close(SSL_CTX *context)
{
	SSL_CTX_free(context);
}

/* ---- one connection's */

SSL *tls_new(SSL_CTX *context)
{
	SSL *tls = SSL_new(context);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	if (!tls || !in || !out) {
		BIO_free(in);
		BIO_free(out);
		SSL_free(tls);
		return NULL;
	}
	SSL_set_bio(tls, in, out);
	SSL_set_accept_state(tls);
	return tls;
}

void tls_free(SSL *tls)
{
	SSL_free(tls);
}

bool tls_feed(SSL *tls, struct text sealed)
{
	return BIO_write(SSL_get_rbio(tls), sealed.data, (int)sealed.size) == (int)sealed.size;
}

int tls_read(SSL *tls, char *out, size_t size)
{
	ERR_clear_error();
	int n = SSL_read(tls, out, (int)size);
	if (n > 0)
		return n;
	return SSL_get_error(tls, n) == SSL_ERROR_WANT_READ ? 0 : -1;
}

bool tls_write(SSL *tls, struct text clear)
{
	ERR_clear_error();
	size_t written;
	return clear.size == 0 || SSL_write_ex(tls, clear.data, clear.size, &written) == 1;
}

void tls_end(SSL *tls)
{
	ERR_clear_error();
	if (SSL_is_init_finished(tls))
		(void)SSL_shutdown(tls);
	ERR_clear_error();
}

struct text tls_output(SSL *tls)
{
	char *data;
	long size = BIO_get_mem_data(SSL_get_wbio(tls), &data);
	return (struct text){data, (size_t)size};
}

void tls_output_clear(SSL *tls)
{
	(void)BIO_reset(SSL_get_wbio(tls));
}
