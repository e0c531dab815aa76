// A provider of coupons as the tests need it: "coupon provide" with a book of its own, keyed by request_id, and manners that can
// be told for each call. As a program it keeps the book in a file, misbehaves by chance and can be killed at any moment:
//   node provider.mjs PORT BOOK SEED
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { sign } from './wjb.mjs';

export const CREDENTIAL = { app_key: '100000001', secret: 'provider-secret', access_token: 'provider-token' };
const FRESH_MS = 10 * 60e3;

/** What it may do with a call. `issued`: whether the coupons stand in the book afterwards. */
export const MANNERS = {
  well: { issued: true },
  slow: { issued: true, delay: 300 },
  silent: { issued: true }, // never answers
  drop_at_once: { issued: false },
  drop_mid_body: { issued: false },
  drop_after: { issued: true }, // between its book and its answer
  drop_mid_answer: { issued: true },
  garbage: { issued: true },
  empty: { issued: true },
  huge: { issued: true },
  status_500: { issued: false },
  status_302: { issued: false },
  busy: { issued: false },
  bad_sign: { issued: false },
  no_code: { issued: true },
  no_results: { issued: true },
  missing_nick: { issued: true },
  other_nicks: { issued: true },
  both_codes: { issued: true },
  twice: { issued: true },
  failed_but_sent: { issued: true },
};

export class Provider {
  /** manners(call): a name of MANNERS; call: {request_id, nicks, n: how many came under it before}. refuses(nick): a reason, or nothing. */
  constructor({ manners = () => 'well', refuses = () => undefined, file, credential = CREDENTIAL } = {}) {
    Object.assign(this, { manners, refuses, file, credential });
    this.book = new Map(); // request_id -> {body, results}
    this.calls = []; // {request_id, nicks, body, timestamp, manner}
    this.wrong = []; // what no caller may do
    this.number = 0;
    if (file && existsSync(file))
      for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
        const { request_id, body, results } = JSON.parse(line);
        this.book.set(request_id, { body, results });
        this.number += results.length;
      }
  }
  async listen(port = 0) {
    this.server = http.createServer((req, res) => this.#take(req, res));
    this.server.keepAliveTimeout = 1000;
    await new Promise((r) => this.server.listen(port, '127.0.0.1', r));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/provide`;
    return this;
  }
  close() {
    this.server.closeAllConnections();
    return new Promise((r) => this.server.close(r));
  }
  /** As a template's `provider`. */
  get endpoint() {
    return { url: this.url, ...this.credential };
  }
  /** Coupons that it has issued, by nick: [{request_id, number}]. */
  issued() {
    const out = new Map();
    for (const [request_id, { results }] of this.book)
      for (const r of results) if (r.code === 0) out.set(r.buyer_nick, [...(out.get(r.buyer_nick) ?? []), { request_id, number: r.coupon_number }]);
    return out;
  }

  #issue(request_id, body, nicks) {
    const known = this.book.get(request_id);
    if (known) {
      if (known.body !== body) this.wrong.push(`${request_id} with another body`);
      return known.results;
    }
    const results = nicks.map((buyer_nick) => {
      const reason = this.refuses(buyer_nick);
      if (reason) return { buyer_nick, code: 15, error_message: reason };
      return { buyer_nick, code: 0, coupon_number: `p-${this.port}-${++this.number}` };
    });
    if (this.file) appendFileSync(this.file, `${JSON.stringify({ request_id, body, results })}\n`, { flush: true });
    this.book.set(request_id, { body, results });
    return results;
  }

  #take(req, res) {
    const params = Object.fromEntries(new URL(req.url, 'http://x').searchParams);
    const request_id = params.request_id;
    const parts = [];
    let manner;
    const before = this.calls.filter((c) => c.request_id === request_id).length;
    req.on('error', () => {});
    res.on('error', () => {});
    req.on('data', (d) => parts.push(d));
    req.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const { coupon_id, buyer_nicks: nicks } = JSON.parse(body);
      manner = this.manners({ request_id, nicks, n: before });
      this.calls.push({ request_id, nicks, body, timestamp: params.timestamp, manner });
      this.#check(req, params, coupon_id, nicks);
      if (manner === 'drop_at_once' || manner === 'drop_mid_body') return req.socket.resetAndDestroy();
      const results = MANNERS[manner].issued ? this.#issue(request_id, body, nicks) : [];
      this.#answer(manner, res, req, results);
    });
  }
  #check(req, params, coupon_id, nicks) {
    const stamp = Date.parse(`${params.timestamp.replace(' ', 'T')}+08:00`);
    const say = (cond, text) => cond || this.wrong.push(text);
    say(req.method === 'POST', req.method);
    say(params.sign === sign(params, this.credential.secret), 'sign');
    say(params.app_key === this.credential.app_key, 'app_key');
    say(params.access_token === this.credential.access_token, 'access_token');
    say(params.v === '1.0' && params.format === 'json' && params.sign_method === 'md5', 'v, format, sign_method');
    say(Math.abs(stamp - Date.now()) < FRESH_MS, `timestamp ${params.timestamp}`);
    say(/^\d+-\d{18}$/.test(params.request_id), `request_id ${params.request_id}`);
    say(Number.isInteger(coupon_id), 'coupon_id');
    say(nicks.length >= 1 && nicks.length <= 50 && new Set(nicks).size === nicks.length, 'nicks');
  }
  #answer(manner, res, req, results) {
    const json = (response) => {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ response }));
    };
    const good = { code: 0, send_results: results };
    switch (manner) {
      case 'well':
        return json(good);
      case 'slow':
        return setTimeout(() => json(good), MANNERS.slow.delay);
      case 'silent':
        return;
      case 'drop_after':
        return req.socket.resetAndDestroy();
      case 'drop_mid_answer': {
        const text = JSON.stringify({ response: good });
        res.setHeader('content-length', text.length);
        res.write(text.slice(0, text.length / 2));
        return setTimeout(() => req.socket.resetAndDestroy(), 20);
      }
      case 'garbage':
        return res.end('<html>sorry</html>');
      case 'empty':
        return res.end();
      case 'huge':
        return json({ padding: 'x'.repeat(200 * 1024), ...good });
      case 'status_500':
        res.statusCode = 500;
        return json(good);
      case 'status_302':
        res.statusCode = 302;
        res.setHeader('location', 'http://127.0.0.1:1/');
        return json(good);
      case 'busy':
        return json({ code: 10, error_message: 'Service currently unavailable' });
      case 'bad_sign':
        return json({ code: 25, error_message: 'Invalid signature' });
      case 'no_code':
        return json({ send_results: results });
      case 'no_results':
        return json({ code: 0 });
      case 'missing_nick':
        return json({ code: 0, send_results: results.slice(1).reverse() });
      case 'other_nicks':
        return json({ code: 0, send_results: results.map((r) => ({ ...r, buyer_nick: `${r.buyer_nick}!` })) });
      case 'both_codes':
        return json({ code: 0, send_results: [...results, ...results.map((r) => ({ ...r, code: r.code ? 0 : 15, error_message: 'or not' }))] });
      case 'twice':
        return json({ code: 0, send_results: [...results, ...results] });
      case 'failed_but_sent':
        return json({ code: 15, error_message: 'no', send_results: results });
    }
    throw new Error(manner);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, file, seed] = process.argv.slice(2);
  const { random } = await import('./e2e.mjs');
  const chance = random(Number(seed));
  const names = Object.keys(MANNERS).filter((m) => m !== 'silent');
  const provider = new Provider({
    file,
    refuses: (nick) => (nick.endsWith('7') ? 'no sevens' : undefined),
    manners: () => (chance() < 0.5 ? 'well' : chance.pick(names)),
  });
  await provider.listen(Number(port));
  process.on('exit', () => {});
  setInterval(() => provider.wrong.splice(0).forEach((w) => appendFileSync(`${file}.wrong`, `${w}\n`)), 20);
  console.log(`listening on ${provider.port}`);
}
