// A WangJuBao client for tests: its own signer, written from the vendor's page, sharing nothing with the server.
import { createHash } from 'node:crypto';
import http from 'node:http';

export const DEMO = { app_key: '100000001', secret: 'wjbsecret', access_token: 'demo-token' };

const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** secret + k1v1k2v2... [+ body] + secret, MD5, upper-case hex; `sign` and `image` left out. */
export function sign(params, secret, { body, dropEmpty = false } = {}) {
  const hash = createHash('md5');
  hash.update(secret, 'utf8');
  for (const name of Object.keys(params).sort(byBytes)) {
    if (name === 'sign' || name === 'image') continue;
    if (dropEmpty && params[name] === '') continue;
    hash.update(name + params[name], 'utf8');
  }
  if (body !== undefined) hash.update(body);
  hash.update(secret, 'utf8');
  return hash.digest('hex').toUpperCase();
}

/** yyyy-MM-dd HH:mm:ss in UTC+8. */
export function stamp(ms = Date.now()) {
  return new Date(ms + 8 * 3600e3).toISOString().slice(0, 19).replace('T', ' ');
}

export const query = (params) =>
  Object.entries(params)
    .map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`)
    .join('&');

/** One request; -> { status, headers, text, json }. */
export function send(port, { path, method = 'POST', headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const r = http.request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (res) => {
      const chunks = [];
      res.on('data', (d) => chunks.push(d));
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        let json;
        try {
          json = JSON.parse(text);
        } catch {}
        resolve({ status: res.statusCode, headers: res.headers, text, json });
      });
    });
    r.on('error', reject);
    if (body !== undefined) {
      r.setHeader('content-length', Buffer.byteLength(body));
      r.write(body);
    }
    r.end();
  });
}

let nonce = 0;

export class Wjb {
  constructor(port, credential = DEMO) {
    this.port = port;
    this.credential = credential;
  }
  /**
   * options: { path, verb, type, params (over the common ones; null leaves one out), sign (ready-made), secret,
   *            signBody, dropEmpty, form (body is a form of these), raw (body bytes), nonce = true }
   */
  request(method, body, o = {}) {
    const c = this.credential;
    let params = {
      method,
      timestamp: stamp(),
      format: 'json',
      app_key: c.app_key,
      v: '1.0',
      sign_method: 'md5',
      access_token: c.access_token,
      // an extra signed parameter, so that no two calls of a test are the same request
      ...(o.nonce === false ? {} : { nonce: `${process.pid}-${++nonce}` }),
      ...o.params,
    };
    params = Object.fromEntries(Object.entries(params).filter(([, v]) => v !== null && v !== undefined));
    const raw = o.raw ?? (body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    const all = { ...params, ...o.form };
    if (o.sign !== null)
      params.sign = o.sign ?? sign(all, o.secret ?? c.secret, { body: o.signBody ? raw : undefined, dropEmpty: o.dropEmpty });
    return {
      path: `${o.path ?? '/rest/ump'}?${query(params)}`,
      method: o.verb ?? 'POST',
      headers: { 'content-type': o.form ? 'application/x-www-form-urlencoded' : (o.type ?? 'application/json') },
      body: o.form ? query(o.form) : raw,
    };
  }
  call(method, body, o) {
    return send(this.port, this.request(method, body, o));
  }
  /** The `response` object; throws when it is none. */
  async ok(method, body, o) {
    const r = await this.call(method, body, o);
    if (r.json?.response?.code !== 0) throw new Error(`${method}: ${r.status} ${r.text}`);
    return r.json.response;
  }
  spiRequest(body, o = {}) {
    return this.request(null, body, {
      path: '/spi/wjb/coupon/provide',
      ...o,
      params: { method: null, format: null, v: null, sign_method: null, access_token: null, ...o.params },
    });
  }
  spi(body, o) {
    return send(this.port, this.spiRequest(body, o));
  }
}
