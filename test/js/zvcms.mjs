// An independent ZVCMS caller: envelope and the four layouts of the token.
import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';

export const DEMO = {
  openId: '6dc05b4ac175cf316d226252b05cf685',
  secret: 'zvcmssecret',
  grantCode: '782c281f62',
};
export const V3 = '/v3/crm/coupon/getCustomerCoupons';
export const V2 = '/api/v2';
const pascal = (name) => name[0].toUpperCase() + name.slice(1);

/** fields: { openId, grantCode, timestamp, nonce }, params: its text. Base64, not URL-encoded. */
export function token(mode, secret, fields, { params, host, path, v2 = false, last = false } = {}) {
  if (mode === 'wechat') {
    const of = [secret, fields.grantCode, fields.timestamp, fields.nonce];
    of.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return createHash('sha1').update(of.join('')).digest('base64');
  }
  const names = ['grantCode', 'nonce', 'openId', 'timestamp'];
  const values = { ...fields, params };
  if (mode === 'hmac-sha1-kv-params') last ? names.push('params') : names.splice(3, 0, 'params');
  const pairs = names.map((n) => `${v2 ? pascal(n) : n}=${values[n]}`).join('&');
  const text = mode === 'tencent' ? `POST${host}${path}?${pairs}` : pairs;
  return createHmac('sha1', secret).update(text).digest('base64');
}

export class Zvcms {
  constructor(server, credential = DEMO) {
    this.server = server;
    this.credential = { mode: 'hmac-sha1-kv', ...credential };
  }
  get host() {
    return `127.0.0.1:${this.server.port}`;
  }
  /** The envelope as an object. over: fields to set, or undefined to leave them out. */
  envelope(params, over = {}, { v2 = false, encodes = 1, last = false, path = V3 } = {}) {
    const { openId, grantCode, secret, mode } = this.credential;
    const fields = { openId, grantCode, timestamp: String(Math.floor(Date.now() / 1000)), nonce: '658965' };
    for (const name of Object.keys(fields)) if (over[name] !== undefined) fields[name] = over[name];
    const text = typeof params === 'string' ? params : JSON.stringify(params);
    let sign = token(mode, secret, fields, { params: text, host: this.host, path: v2 ? V2 : path, v2, last });
    for (let i = 0; i < encodes; i++) sign = encodeURIComponent(sign);
    const all = { ...fields, token: sign, params };
    if (v2) all.action = 'user.coupon-new-status';
    Object.assign(all, over);
    if (!v2) return all;
    return Object.fromEntries(Object.entries(all).map(([k, v]) => [pascal(k), v]));
  }
  /** Bytes to a path, by node:http so that nothing is added or changed. */
  send(body, { path = V3, verb = 'POST', type = 'application/json' } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request(
        { host: '127.0.0.1', port: this.server.port, path, method: verb, headers: { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) } },
        (reply) => {
          const parts = [];
          reply.on('data', (d) => parts.push(d));
          reply.on('end', () => resolve({ status: reply.statusCode, type: reply.headers['content-type'], text: Buffer.concat(parts).toString() }));
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }
  async post(object, options) {
    const reply = await this.send(JSON.stringify(object), options);
    if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
    return JSON.parse(reply.text);
  }
  /** A signed call. */
  call(params, over, options = {}) {
    return this.post(this.envelope(params, over, options), { path: options.v2 ? V2 : (options.path ?? V3) });
  }
}
