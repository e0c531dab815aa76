// A Taobao Open Platform client for tests: signs as the documents say, and sends parameters by
// every carrier, also by those that fetch() refuses (a GET with a body).
import http from 'node:http';
import { createHash, createHmac } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

export const METHOD = 'alibaba.alihealth.nr.crm.coupon.querycoupon';
export const ROOT = 'alibaba_alihealth_nr_crm_coupon_querycoupon_response';
export const DEMO = { key: '12345678', secret: 'helloworld' };

/** yyyy-MM-dd HH:mm:ss of GMT+8, `seconds` from now. */
export function stamp(seconds = 0) {
  return new Date(Date.now() + 8 * 3600e3 + seconds * 1e3).toISOString().slice(0, 19).replace('T', ' ');
}

const bytes = (s) => Buffer.from(s, 'utf8');

/** The text that is signed. */
export function signedText(params, { dropEmpty = false, body = '' } = {}) {
  return (
    Object.keys(params)
      .filter((k) => k !== 'sign' && !(dropEmpty && params[k] === ''))
      .sort((a, b) => Buffer.compare(bytes(a), bytes(b)))
      .map((k) => k + params[k])
      .join('') + body
  );
}

/** Upper-case hex by params.sign_method; missing means md5. */
export function sign(params, secret, options) {
  const s = signedText(params, options);
  const hash =
    params.sign_method === 'hmac'
      ? createHmac('md5', secret).update(s)
      : params.sign_method === 'hmac-sha256'
        ? createHmac('sha256', secret).update(s)
        : createHash('md5').update(secret + s + secret);
  return hash.digest('hex').toUpperCase();
}

/** Common parameters; a value of undefined takes one away. */
export function common(extra = {}, credential = DEMO) {
  const all = {
    method: METHOD,
    app_key: credential.key,
    timestamp: stamp(),
    v: '2.0',
    format: 'json',
    sign_method: 'md5',
    ...extra,
  };
  return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
}

export function signed(params, credential = DEMO, options) {
  return { ...params, sign: sign(params, credential.secret, options) };
}

export const query = (fields) => ({ query_d_t_o: JSON.stringify(fields) });

export function encode(params) {
  return Object.entries(params)
    .map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`)
    .join('&');
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
export const stopClient = () => agent.destroy();

/** {status, type, headers, text, json}; path with its query, body text or Buffer. */
export function send(server, { verb = 'POST', path = '/router/rest', body, headers = {} }) {
  const data = body === undefined ? undefined : Buffer.from(body);
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port: server.port,
        method: verb,
        path,
        agent,
        headers: { ...headers, ...(data ? { 'Content-Length': data.length } : {}) },
      },
      (reply) => {
        const parts = [];
        reply.on('data', (d) => parts.push(d));
        reply.on('error', reject);
        reply.on('end', () => {
          let raw = Buffer.concat(parts);
          if (reply.headers['content-encoding'] === 'gzip') raw = gunzipSync(raw);
          const text = raw.toString('utf8');
          const type = reply.headers['content-type'];
          const json = type?.startsWith('text/javascript') && text.startsWith('{') ? parse(text) : undefined;
          resolve({ status: reply.statusCode, type, headers: reply.headers, text, json });
        });
      },
    );
    request.on('error', reject);
    request.end(data);
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a batch: several texts in one body
  }
}

export const FORM = { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8' };

/** Everything in a form body, signed. */
export function post(server, params, credential = DEMO) {
  return send(server, { body: encode(signed(params, credential)), headers: FORM });
}

/** One query of the demo merchant as JSON: {success, result, error_code ..}. */
export async function find(server, fields, extra = {}) {
  const reply = await post(server, common({ ...query({ page_size: 10, page_num: 1, ...fields }), ...extra }));
  if (!reply.json?.[ROOT]) throw new Error(reply.text);
  return reply.json[ROOT].result;
}

/** parts: {name, value, filename?}; tight: as the Java SDK writes it, without spaces. */
export function multipart(parts, { tight = false, disposition = 'form-data' } = {}) {
  const boundary = '----couponry-test';
  const sp = tight ? '' : ' ';
  const q = tight ? '' : '"';
  const pieces = parts.flatMap((p) => [
    `--${boundary}\r\nContent-Disposition:${sp}${disposition};${sp}name="${p.name}"` +
      (p.filename ? `;${sp}filename="${p.filename}"` : '') +
      `\r\nContent-Type:${sp}${p.filename ? 'application/octet-stream' : 'text/plain'}\r\n\r\n`,
    p.value,
    '\r\n',
  ]);
  const body = Buffer.concat([...pieces, `--${boundary}--\r\n`].map((x) => Buffer.from(x)));
  return { body, headers: { 'Content-Type': `multipart/form-data;${sp}boundary=${q}${boundary}${q}` } };
}
