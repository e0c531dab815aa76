// Calls of the native API as the tests make them.
import { Client } from './e2e.mjs';

export const KEY = 'demo-native-key';
let numbers = 0;
/** A request number of its own. */
export const fresh = () => `n-${process.pid}-${Date.now()}-${++numbers}`;

export class Native extends Client {
  constructor(port, sockets = 1, key = KEY) {
    super(port, sockets);
    this.key = key;
  }
  /** A request as Client.send takes it. number: the Idempotency-Key. */
  request(method, path, body, { number, headers = {} } = {}) {
    return {
      path,
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(number === undefined ? {} : { 'idempotency-key': number }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    };
  }
  call(method, path, body, options) {
    return this.send(this.request(method, path, body, options));
  }
  post(path, body, options) {
    return this.call('POST', path, body, options);
  }
  /** The answer of a call that must be accepted. */
  async ok(method, path, body, options) {
    const r = await this.call(method, path, body, options);
    if (r.status < 200 || r.status > 299) throw new Error(`${method} ${path}: ${r.status} ${r.text}`);
    return r.json;
  }
  async template(members = {}) {
    return (await this.ok('POST', '/v1/templates', { name: 'ten off', type: 'amount_off', amount_fen: 1000, ...members })).template_id;
  }
  /** Codes of n coupons for nobody. */
  async codes(template_id, count) {
    const codes = [];
    while (codes.length < count) {
      const answer = await this.ok('POST', '/v1/coupons', { template_id, count: Math.min(1000, count - codes.length) });
      codes.push(...answer.coupons.map((c) => c.code));
    }
    return codes;
  }
}
