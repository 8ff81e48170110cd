// SPDX-License-Identifier: GPL-2.0
#include "cert.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_DAYS 3650

static int fail(struct mesh_error *err, const char *what)
{
	unsigned long code = ERR_get_error();

	mesh_error_set(err, "%s: %s", what, code ? ERR_reason_error_string(code) : strerror(errno));
	ERR_clear_error();
	return -EINVAL;
}

static struct timespec modified(const char *path)
{
	struct stat st;

	return stat(path, &st) ? (struct timespec){0} : st.st_mtim;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
		       const unsigned char *in, unsigned int inlen, void *arg)
{
	(void)ssl;
	(void)arg;
	/* Only HTTP/1.1 can be upgraded. */
	for (unsigned int i = 0; i + in[i] < inlen; i += in[i] + 1u) {
		if (in[i] == 8 && !memcmp(in + i + 1, "http/1.1", 8)) {
			*out = in + i + 1;
			*outlen = 8;
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *new_ctx(const char *cert, const char *key, struct mesh_error *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		fail(err, cert);
	else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		fail(err, key);
	else if (SSL_CTX_check_private_key(ctx) != 1)
		mesh_error_set(err, "%s is not the key of %s", key, cert);
	else
		return ctx;
	ERR_clear_error();
	SSL_CTX_free(ctx);
	return NULL;
}

static int write_pem(const char *path, EVP_PKEY *key, X509 *x, struct mesh_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	int ok;

	if (!f)
		return fail(err, path);
	ok = key ? PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) : PEM_write_X509(f, x);
	if (fclose(f) || !ok)
		return fail(err, path);
	return 0;
}

/* A self-signed certificate for the host of server_url. */
static int make_own(const struct control_config *config, const char *cert, const char *key,
		    struct mesh_error *err)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	struct mesh_ip ip;
	char san[300];
	X509_EXTENSION *ext;
	int ret = -EINVAL;
	unsigned char serial[16];
	BIGNUM *bn;

	if (!pkey || !x)
		goto out;
	mesh_crypto_random(serial, sizeof(serial));
	serial[0] &= 0x7f;
	bn = BN_bin2bn(serial, sizeof(serial), NULL);
	BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x));
	BN_free(bn);
	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), (long)OWN_DAYS * 86400);
	X509_set_pubkey(x, pkey);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
				   (const unsigned char *)"warren-control", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	snprintf(san, sizeof(san), "%s:%.250s",
		 mesh_text_unip(&ip, config->server_host) ? "IP" : "DNS", config->server_host);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	if (!ext)
		goto out;
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	if (!X509_sign(x, pkey, EVP_sha256()))
		goto out;
	ret = write_pem(key, pkey, NULL, err);
	if (!ret)
		ret = write_pem(cert, NULL, x, err);
	X509_free(x);
	EVP_PKEY_free(pkey);
	return ret;
out:
	X509_free(x);
	EVP_PKEY_free(pkey);
	return fail(err, "cannot make a certificate");
}

/* Whether our own certificate still fits the configuration. */
static bool own_fits(SSL_CTX *ctx, const struct control_config *config)
{
	X509 *x = SSL_CTX_get0_certificate(ctx);
	struct mesh_ip ip;

	if (X509_cmp_current_time(X509_get0_notAfter(x)) <= 0)
		return false;
	return mesh_text_unip(&ip, config->server_host)
		       ? X509_check_ip_asc(x, config->server_host, 0) == 1
		       : X509_check_host(x, config->server_host, 0, 0, NULL) == 1;
}

static void set_pin(struct control_cert *cert)
{
	unsigned char hash[32];
	unsigned int len;

	X509_digest(SSL_CTX_get0_certificate(cert->ctx), EVP_sha256(), hash, &len);
	strcpy(cert->pin, "sha256-raw:");
	mesh_text_hex(cert->pin + strlen(cert->pin), hash, sizeof(hash));
}

static int open_own(struct control_cert *cert, struct mesh_error *err)
{
	char c[512], k[512];
	int ret;

	snprintf(c, sizeof(c), "%s/tls-own.crt", cert->config->state_dir);
	snprintf(k, sizeof(k), "%s/tls-own.key", cert->config->state_dir);
	if (!access(c, F_OK) && !access(k, F_OK)) {
		cert->ctx = new_ctx(c, k, err);
		if (cert->ctx && !own_fits(cert->ctx, cert->config)) {
			SSL_CTX_free(cert->ctx);
			cert->ctx = NULL;
		}
	}
	if (!cert->ctx) {
		ret = make_own(cert->config, c, k, err);
		if (ret)
			return ret;
		cert->ctx = new_ctx(c, k, err);
	}
	if (!cert->ctx)
		return -EINVAL;
	cert->own = true;
	set_pin(cert);
	return 0;
}

int control_cert_open(struct control_cert *cert, const struct control_config *config,
		      struct mesh_error *err)
{
	memset(cert, 0, sizeof(*cert));
	cert->config = config;
	if (!config->tls_cert)
		return open_own(cert, err);
	cert->cert_time = modified(config->tls_cert);
	cert->key_time = modified(config->tls_key);
	cert->ctx = new_ctx(config->tls_cert, config->tls_key, err);
	return cert->ctx ? 0 : -EINVAL;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

void control_cert_check(struct control_cert *cert)
{
	struct timespec c, k;
	struct mesh_error err;
	SSL_CTX *ctx;

	if (cert->own)
		return;
	c = modified(cert->config->tls_cert);
	k = modified(cert->config->tls_key);
	if (same_time(c, cert->cert_time) && same_time(k, cert->key_time))
		return;
	cert->cert_time = c;
	cert->key_time = k;
	ctx = new_ctx(cert->config->tls_cert, cert->config->tls_key, &err);
	if (!ctx) {
		control_log(LOG_WARN, "the new certificate is not used: %s", err.text);
		return;
	}
	/* Connections that use the old one hold it. */
	SSL_CTX_free(cert->ctx);
	cert->ctx = ctx;
	control_log(LOG_INFO, "loaded a new certificate");
}

void control_cert_close(struct control_cert *cert)
{
	SSL_CTX_free(cert->ctx);
	memset(cert, 0, sizeof(*cert));
}

int control_cert_private_key(const char *path, struct mesh_key *key, struct mesh_error *err)
{
	char text[MESH_KEY_TEXT + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;
	ssize_t n;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text));
		close(fd);
		if (n > 0 && text[n - 1] == '\n')
			n--;
		if (n < 0 || !mesh_key_parse(key, MESH_KEY_PRIVATE, text, (size_t)n)) {
			mesh_error_set(err, "%s: not a private key (privkey: and 64 digits)", path);
			ret = -EINVAL;
		}
	} else if (errno != ENOENT) {
		mesh_error_set(err, "%s: %s", path, strerror(errno));
		ret = -errno;
	} else {
		mesh_key_generate(key);
		mesh_key_format(text, MESH_KEY_PRIVATE, key);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		n = (ssize_t)strlen(text);
		if (fd < 0 || write(fd, text, (size_t)n) != n || write(fd, "\n", 1) != 1 ||
		    fsync(fd) || close(fd)) {
			mesh_error_set(err, "%s: %s", path, strerror(errno));
			unlink(path);
			ret = -EIO;
		}
	}
	mesh_crypto_wipe(text, sizeof(text));
	return ret;
}
